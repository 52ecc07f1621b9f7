package plan

import (
	"fmt"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/step"
)

// longestList is more than any list needs that names each number once.
const longestList = 1 << 16

// numbers reads a list such as 0-3,7 into a mask: bit n of word m is the number 64*m+n. An empty list is no mask.
// at is its JSON path.
func numbers(at, list string, most int) ([]uint64, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	if len(list) > longestList {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d that a list of all numbers takes", at, len(list), longestList)
	}
	var mask []uint64
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 31)
		b, errB := strconv.ParseUint(to, 10, 31)
		switch {
		case errA != nil || errB != nil:
			return nil, fmt.Errorf("%s: %q is not a number or a range", at, part)
		case a > b:
			return nil, fmt.Errorf("%s: range %q ends before it begins", at, part)
		case b > uint64(most):
			return nil, fmt.Errorf("%s: %d is above %d, the most there can be", at, b, most)
		}
		for uint64(len(mask)) <= b/64 {
			mask = append(mask, 0)
		}
		for n := a; n <= b; n++ {
			mask[n/64] |= 1 << (n % 64)
		}
	}
	return mask, nil
}

// maxCPU bounds the numbers of CPUs; Linux has at most 8192 of them (CONFIG_NR_CPUS).
const maxCPU = 8191

// affinity makes the steps of process.execCPUAffinity: initial before the container is entered, final inside.
func affinity(a *specs.CPUAffinity) (initial, final []step.Step, err error) {
	if a == nil {
		return nil, nil, nil
	}
	if initial, err = onCPUs("process.execCPUAffinity.initial", a.Initial); err == nil {
		final, err = onCPUs("process.execCPUAffinity.final", a.Final)
	}
	return initial, final, err
}

func onCPUs(at, list string) ([]step.Step, error) {
	mask, err := numbers(at, list, maxCPU)
	if err != nil || mask == nil {
		return nil, err
	}
	return []step.Step{step.Affinity{CPUs: list, Mask: mask}}, nil
}
