package plan

import (
	"cmp"
	"maps"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Merge puts what an update asks over what was asked before. Neither argument is changed. A zero of memory, cpu or blockIO says
// nothing, for clients fill in all keys; -1 lifts a limit.
func Merge(before, change *specs.LinuxResources) *specs.LinuxResources {
	r := specs.LinuxResources{}
	if before != nil {
		r = *before
	}
	r.Memory = mergeMemory(r.Memory, change.Memory)
	r.CPU = mergeCPU(r.CPU, change.CPU)
	if change.Pids != nil && change.Pids.Limit != nil {
		r.Pids = change.Pids
	}
	r.BlockIO = mergeBlockIO(r.BlockIO, change.BlockIO)
	r.HugepageLimits = mergeList(r.HugepageLimits, change.HugepageLimits, func(h specs.LinuxHugepageLimit) string { return h.Pagesize })
	r.Rdma = mergeMap(r.Rdma, change.Rdma)
	r.Unified = mergeMap(r.Unified, change.Unified)
	return &r
}

// given is change, where it says something, else before.
func given[T comparable](before, change *T) *T {
	var zero T
	if change == nil || *change == zero {
		return before
	}
	return change
}

func mergeMemory(before, change *specs.LinuxMemory) *specs.LinuxMemory {
	if change == nil {
		return before
	}
	m := specs.LinuxMemory{}
	if before != nil {
		m = *before
	}
	m.Limit, m.Reservation, m.Swap = given(m.Limit, change.Limit), given(m.Reservation, change.Reservation), given(m.Swap, change.Swap)
	if change.Limit != nil && *change.Limit == -1 && given(nil, change.Swap) == nil {
		m.Swap = change.Limit // as it was with cgroup v1: nothing is below a memory without limit
	}
	m.CheckBeforeUpdate = change.CheckBeforeUpdate
	//lint:ignore SA1019 who still asks for it is told that it is gone
	m.Kernel, m.KernelTCP, m.Swappiness = change.Kernel, change.KernelTCP, change.Swappiness
	m.DisableOOMKiller, m.UseHierarchy = change.DisableOOMKiller, change.UseHierarchy
	return &m
}

func mergeCPU(before, change *specs.LinuxCPU) *specs.LinuxCPU {
	if change == nil {
		return before
	}
	c := specs.LinuxCPU{}
	if before != nil {
		c = *before
	}
	c.Shares, c.Quota, c.Period = given(c.Shares, change.Shares), given(c.Quota, change.Quota), given(c.Period, change.Period)
	c.Burst = cmp.Or(burstOf(change), c.Burst)
	if change.Idle != nil {
		c.Idle = change.Idle
	}
	if change.Cpus != "" {
		c.Cpus = change.Cpus
	}
	if change.Mems != "" {
		c.Mems = change.Mems
	}
	c.RealtimeRuntime, c.RealtimePeriod = change.RealtimeRuntime, change.RealtimePeriod
	return &c
}

// burstOf is the burst that is asked. A 0 is meant where it does not stand beside other zeros.
func burstOf(c *specs.LinuxCPU) *uint64 {
	if c.Burst != nil && *c.Burst == 0 && c.Quota != nil && *c.Quota == 0 {
		return nil
	}
	return c.Burst
}

func mergeBlockIO(before, change *specs.LinuxBlockIO) *specs.LinuxBlockIO {
	if change == nil {
		return before
	}
	b := specs.LinuxBlockIO{}
	if before != nil {
		b = *before
	}
	b.Weight, b.LeafWeight = given(b.Weight, change.Weight), given(b.LeafWeight, change.LeafWeight)
	b.WeightDevice = mergeList(b.WeightDevice, change.WeightDevice, func(d specs.LinuxWeightDevice) [2]int64 { return [2]int64{d.Major, d.Minor} })
	for _, l := range []struct{ into, from *[]specs.LinuxThrottleDevice }{
		{&b.ThrottleReadBpsDevice, &change.ThrottleReadBpsDevice}, {&b.ThrottleWriteBpsDevice, &change.ThrottleWriteBpsDevice},
		{&b.ThrottleReadIOPSDevice, &change.ThrottleReadIOPSDevice}, {&b.ThrottleWriteIOPSDevice, &change.ThrottleWriteIOPSDevice},
	} {
		*l.into = mergeList(*l.into, *l.from, func(d specs.LinuxThrottleDevice) [2]int64 { return [2]int64{d.Major, d.Minor} })
	}
	return &b
}

// mergeList replaces those elements that have the key of one in change, and adds the others.
func mergeList[T any, K comparable](before, change []T, key func(T) K) []T {
	list := slices.Clone(before)
	for _, c := range change {
		i := slices.IndexFunc(list, func(b T) bool { return key(b) == key(c) })
		if i < 0 {
			list = append(list, c)
		} else {
			list[i] = c
		}
	}
	return list
}

func mergeMap[T any](before, change map[string]T) map[string]T {
	if len(change) == 0 {
		return before
	}
	all := map[string]T{}
	maps.Copy(all, before)
	maps.Copy(all, change)
	return all
}
