package cgroup

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// No kernel has more CPUs (CONFIG_NR_CPUS) or memory nodes (CONFIG_NODES_SHIFT).
const (
	maxCPU  = 8191
	maxNode = 1023

	longestList = 1 << 16 // bytes; more than any list needs that names each number once
)

func (l *list) cpuset(r *specs.LinuxResources) error {
	if r.CPU == nil {
		return nil
	}
	for _, set := range []struct {
		path, file, value string
		most              int
	}{
		{"cpu.cpus", "cpuset.cpus", r.CPU.Cpus, maxCPU},
		{"cpu.mems", "cpuset.mems", r.CPU.Mems, maxNode},
	} {
		value := strings.TrimSpace(set.value)
		if value == "" {
			continue
		}
		if _, err := bits(value, set.most); err != nil {
			return fmt.Errorf("%s%s: %w", root, set.path, err)
		}
		l.set(set.path, set.file, value)
	}
	return nil
}

// bits reads a list such as 0-3,7 into a mask in which bit n of byte m is the number 8*m+n, as systemd wants it.
func bits(list string, most int) ([]byte, error) {
	if len(list) > longestList {
		return nil, fmt.Errorf("%d bytes are more than the %d that a list of all numbers takes", len(list), longestList)
	}
	var mask []byte
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 31)
		b, errB := strconv.ParseUint(to, 10, 31)
		switch {
		case errA != nil || errB != nil:
			return nil, fmt.Errorf("%q is not a number or a range", part)
		case a > b:
			return nil, fmt.Errorf("range %q ends before it begins", part)
		case b > uint64(most):
			return nil, fmt.Errorf("%d is above %d, the most there can be", b, most)
		}
		for uint64(len(mask)) <= b/8 {
			mask = append(mask, 0)
		}
		for n := a; n <= b; n++ {
			mask[n/8] |= 1 << (n % 8)
		}
	}
	if mask == nil {
		return nil, errors.New("the list is empty")
	}
	return mask, nil
}
