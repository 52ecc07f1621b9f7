package idmap

import (
	"errors"
	"fmt"
)

// MaxLines is how many lines the kernel takes in one map (340 since Linux 4.15).
const MaxLines = 340

// Validate checks all that the kernel would refuse with a bare EINVAL: no line at all, more than MaxLines, a line of
// no ids, ids past the last one, two lines that share an id inside or outside. Lines are counted from 1.
func (m Map) Validate() error {
	if len(m) == 0 {
		return errors.New("id map has no lines")
	}
	if len(m) > MaxLines {
		return fmt.Errorf("id map has %d lines, the kernel takes at most %d", len(m), MaxLines)
	}
	for i := range m {
		if err := m.validateLine(i); err != nil {
			return err
		}
	}
	return nil
}

// validateLine checks line i by itself and against the lines before it.
func (m Map) validateLine(i int) error {
	l := m[i]
	if l.Size == 0 {
		return fmt.Errorf("id map line %d (%s): size is 0", i+1, lineString(l))
	}
	if past(l.ContainerID, l.Size) {
		return fmt.Errorf("id map line %d (%s): container ids run past 4294967294", i+1, lineString(l))
	}
	if past(l.HostID, l.Size) {
		return fmt.Errorf("id map line %d (%s): host ids run past 4294967294", i+1, lineString(l))
	}
	for j, k := range m[:i] {
		if overlap(l.ContainerID, l.Size, k.ContainerID, k.Size) {
			return fmt.Errorf("id map lines %d (%s) and %d (%s) share container ids", j+1, lineString(k), i+1, lineString(l))
		}
		if overlap(l.HostID, l.Size, k.HostID, k.Size) {
			return fmt.Errorf("id map lines %d (%s) and %d (%s) share host ids", j+1, lineString(k), i+1, lineString(l))
		}
	}
	return nil
}

// past tells whether a run of ids reaches NoID.
func past(start, size uint32) bool { return uint64(start)+uint64(size) > NoID }

// overlap tells whether two runs of ids share one. Neither may be empty or wrap.
func overlap(a, sizeA, b, sizeB uint32) bool {
	return uint64(a) < uint64(b)+uint64(sizeB) && uint64(b) < uint64(a)+uint64(sizeA)
}
