package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// mapping is one line of an id map, as config.json spells it.
type mapping struct {
	ContainerID uint64 `json:"containerID"`
	HostID      uint64 `json:"hostID"`
	Size        uint64 `json:"size"`
}

// mapIDs sets the id maps: container 0 is the caller, and with a full map 1… are the caller's first ranges.
func (b bundle) mapIDs(linux object) error {
	for key, id := range map[string]int{"uidMappings": os.Getuid(), "gidMappings": os.Getgid()} {
		lines := []mapping{{0, uint64(id), 1}}
		if b.ids == "full" {
			start, count, err := subIDs("/etc/sub" + key[:3])
			if err != nil {
				return err
			}
			lines = append(lines, mapping{1, start, count})
		}
		linux[key] = lines
	}
	return nil
}

// subIDs returns the first range that subuid(5) or subgid(5) gives the caller.
func subIDs(path string) (start, count uint64, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	me, err := user.Current()
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 || fields[0] != me.Username && fields[0] != me.Uid {
			continue
		}
		if start, err = strconv.ParseUint(fields[1], 10, 32); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
		if count, err = strconv.ParseUint(fields[2], 10, 32); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
		return start, count, nil
	}
	return 0, 0, fmt.Errorf("%s: no range for %s", path, me.Username)
}
