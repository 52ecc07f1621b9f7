package userns

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"

	"github.com/urun/urun/pkg/idmap"
)

const (
	subuidFile = "/etc/subuid"
	subgidFile = "/etc/subgid"
)

// readRanges reads one file; a missing one has no ranges.
func readRanges(path string, uid uint32, name string) ([]idmap.Range, error) {
	content, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ranges(content, uid, name), nil
}

// ranges picks a user's lines out of a file in the format of subuid(5), "login name or uid:first id:count". As
// newuidmap does, it passes over every line that is not of this form, comments among them. The name may be empty.
func ranges(content []byte, uid uint32, name string) []idmap.Range {
	number := strconv.FormatUint(uint64(uid), 10)
	var out []idmap.Range
	for line := range bytes.Lines(content) {
		fields := bytes.Split(bytes.TrimSpace(line), []byte{':'})
		if len(fields) != 3 {
			continue
		}
		owner := string(fields[0])
		if owner != number && (name == "" || owner != name) {
			continue
		}
		start, err1 := strconv.ParseUint(string(fields[1]), 10, 32)
		count, err2 := strconv.ParseUint(string(fields[2]), 10, 32)
		if err1 != nil || err2 != nil || start == idmap.NoID || count == 0 {
			continue
		}
		out = append(out, idmap.Range{Start: uint32(start), Count: uint32(count)})
	}
	return out
}
