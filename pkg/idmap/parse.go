package idmap

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Parse reads the format of /proc/PID/uid_map: three decimal numbers a line. Nothing at all is an empty map, which is
// what a process in a new namespace has. The map is not validated: the kernel itself shows 4294967295 as the host id
// of a line which the reader's own namespace does not map.
func Parse(content []byte) (Map, error) {
	var m Map
	n := 0
	for line := range bytes.Lines(content) {
		n++
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("id map line %d: %d fields instead of 3", n, len(fields))
		}
		var v [3]uint32
		for i, f := range fields {
			u, err := strconv.ParseUint(string(f), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("id map line %d: %q is not an id", n, f)
			}
			v[i] = uint32(u)
		}
		m = append(m, specs.LinuxIDMapping{ContainerID: v[0], HostID: v[1], Size: v[2]})
	}
	return m, nil
}
