package idmap

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// NotOwnedError says which line of a map asks for host ids that the caller may not map.
type NotOwnedError struct {
	Line    int // counted from 1
	Mapping specs.LinuxIDMapping
	Missing Range // the first run of ids in the line that is not the caller's
	Own     bool  // the missing id is the caller's own, which needs a line for itself
}

// Error names the line and the ids.
func (e *NotOwnedError) Error() string {
	s := fmt.Sprintf("id map line %d (%s): host id %s is not in the caller's ranges", e.Line, lineString(e.Mapping), e.Missing)
	if e.Own {
		s += ": the caller's own id needs a line of its own, of size 1"
	}
	return s
}

// Owned checks the map as newuidmap(1) will: each line is either the caller's own id alone or lies within the ranges
// owned, where ranges that touch or overlap count as one. The error is a *NotOwnedError for the first line that is
// neither. The map must be valid.
func (m Map) Owned(caller uint32, owned []Range) error {
	for i, l := range m {
		if l.Size == 1 && l.HostID == caller {
			continue
		}
		missing, ok := firstMissing(l, owned)
		if ok {
			continue
		}
		own := missing.Start == caller
		if own {
			missing.Count = 1
		}
		return &NotOwnedError{Line: i + 1, Mapping: l, Missing: missing, Own: own}
	}
	return nil
}

// firstMissing is the first run of host ids of a line that no range holds; true when there is none.
func firstMissing(l specs.LinuxIDMapping, owned []Range) (Range, bool) {
	pos, end := uint64(l.HostID), uint64(l.HostID)+uint64(l.Size)
	for pos < end {
		to := coveredTo(pos, owned)
		if to == pos {
			return Range{Start: uint32(pos), Count: uint32(nextStart(pos, end, owned) - pos)}, false
		}
		pos = to
	}
	return Range{}, true
}

// coveredTo is the end of the range that holds pos and reaches farthest; pos itself when none holds it.
func coveredTo(pos uint64, owned []Range) uint64 {
	to := pos
	for _, r := range owned {
		if uint64(r.Start) <= pos && r.end() > to {
			to = r.end()
		}
	}
	return to
}

// nextStart is where the first range behind pos begins; end when none begins before it.
func nextStart(pos, end uint64, owned []Range) uint64 {
	for _, r := range owned {
		if s := uint64(r.Start); r.Count > 0 && s > pos && s < end {
			end = s
		}
	}
	return end
}
