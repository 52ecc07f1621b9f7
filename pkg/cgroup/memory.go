package cgroup

import (
	"errors"
	"fmt"
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// page is the smallest that any architecture has: a limit below is a limit of nothing.
const page = 4096

// memory decides about memory.*: v1's limit of memory and swap together becomes one of swap alone.
func (l *list) memory(r *specs.LinuxResources) error {
	m := r.Memory
	if m == nil {
		return nil
	}
	limit, err := bytesOf("memory.limit", m.Limit)
	if err != nil {
		return err
	}
	if limit > 0 && limit < page {
		return fmt.Errorf("%smemory.limit: %d is less than a page of memory; no process lives in that", root, limit)
	}
	low, err := bytesOf("memory.reservation", m.Reservation)
	if err != nil {
		return err
	}
	if limit > 0 && low > limit {
		return fmt.Errorf("%smemory.reservation: %d is above %smemory.limit %d", root, low, root, limit)
	}
	if err := l.swap(m, limit); err != nil {
		return err
	}
	if limit != 0 {
		s := l.set("memory.limit", "memory.max", orMax(limit))
		if m.CheckBeforeUpdate != nil && *m.CheckBeforeUpdate && limit > 0 {
			s.NotBelow = "memory.current"
		}
	}
	if low != 0 {
		l.set("memory.reservation", "memory.low", orMax(low))
	}
	l.memoryOfV1(m)
	return nil
}

// swap takes the limit of memory from that of memory and swap. Where memory is unlimited and swap is not mentioned, swap
// is unlimited as well, which is what v1 did.
func (l *list) swap(m *specs.LinuxMemory, limit int64) error {
	total, err := bytesOf("memory.swap", m.Swap)
	if err != nil {
		return err
	}
	only, err := swapOnly(total, limit)
	if err != nil {
		return fmt.Errorf("%smemory.swap: %w", root, err)
	}
	if total == 0 && only == 0 {
		return nil
	}
	s := l.set("memory.swap", "memory.swap.max", orMax(only))
	s.Optional = only <= 0
	return nil
}

// swapOnly is how much of total, memory and swap together, is swap; -1 is no limit.
func swapOnly(total, limit int64) (int64, error) {
	switch {
	case total == -1, total == 0 && limit == -1:
		return -1, nil
	case total == 0:
		return 0, nil
	case limit == 0:
		return 0, fmt.Errorf("%d is the limit of memory and swap together: it needs %smemory.limit beside it", total, root)
	case limit == -1:
		return 0, fmt.Errorf("%d cannot be below %smemory.limit, which is unlimited", total, root)
	case total < limit:
		return 0, fmt.Errorf("%d is below %smemory.limit %d: it is the limit of memory and swap together", total, root, limit)
	}
	return total - limit, nil
}

func (l *list) memoryOfV1(m *specs.LinuxMemory) {
	//lint:ignore SA1019 who still asks for it is told that it is gone
	if m.Kernel != nil && *m.Kernel > 0 {
		l.gone("memory.kernel", "memory of the kernel is counted in memory.limit since cgroup v2")
	}
	if m.KernelTCP != nil && *m.KernelTCP > 0 {
		l.gone("memory.kernelTCP", "memory of sockets is counted in memory.limit since cgroup v2")
	}
	if m.Swappiness != nil {
		l.gone("memory.swappiness", "cgroup v2 has no swappiness for each cgroup, only vm.swappiness of the host")
	}
	if m.DisableOOMKiller != nil && *m.DisableOOMKiller {
		l.gone("memory.disableOOMKiller", "in cgroup v2 the OOM killer cannot be switched off")
	}
	if m.UseHierarchy != nil && !*m.UseHierarchy {
		l.gone("memory.useHierarchy", "in cgroup v2 a cgroup always counts what is in those below it")
	}
}

var errNegative = errors.New("is negative; -1 says that there is no limit")

// bytesOf checks an amount: -1 is no limit, 0 is not set.
func bytesOf(path string, n *int64) (int64, error) {
	if n == nil {
		return 0, nil
	}
	if *n < -1 {
		return 0, fmt.Errorf("%s%s: %d %w", root, path, *n, errNegative)
	}
	return *n, nil
}

// orMax writes a number as the files of v2 take it.
func orMax(n int64) string {
	if n < 0 {
		return "max"
	}
	return strconv.FormatInt(n, 10)
}
