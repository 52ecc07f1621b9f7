package plan

import (
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func ptr[T any](v T) *T { return &v }

// compiled is an update as one text: a line for each setting, for each other way, and for each notice.
func compiled(t *testing.T, l Limited, change *specs.LinuxResources) string {
	t.Helper()
	if l.Process == nil {
		l.Process = &specs.Process{}
	}
	u, err := CompileUpdate(l, change, Host{})
	if err != nil {
		return "error: " + err.Error()
	}
	var lines []string
	for _, s := range u.Settings {
		lines = append(lines, s.String())
	}
	for _, i := range u.Instead {
		way := "none"
		if i.Step != nil {
			way = i.Step.String()
		}
		lines = append(lines, i.Setting.String()+" -> "+way)
	}
	for _, n := range u.Notices {
		lines = append(lines, n.Code+" "+n.Want)
	}
	return strings.Join(lines, "\n")
}

var everyController = []string{"cpuset", "cpu", "io", "memory", "pids"}

// TestCompileUpdate: what depends on each other is taken from before; what was not mentioned is not written.
func TestCompileUpdate(t *testing.T) {
	before := &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: ptr(int64(64 << 20)), Swap: ptr(int64(96 << 20)), Swappiness: ptr(uint64(5))},
		CPU:    &specs.LinuxCPU{Shares: ptr(uint64(512)), Quota: ptr(int64(20000)), Period: ptr(uint64(50000)), Cpus: "0"},
		Pids:   &specs.LinuxPids{Limit: ptr(int64(20))},
	}
	for _, c := range []struct {
		name   string
		change specs.LinuxResources
		want   string
	}{
		{"nothing", specs.LinuxResources{}, ""},
		{"zeros say nothing", specs.LinuxResources{
			Memory:  &specs.LinuxMemory{Limit: ptr(int64(0)), Swap: ptr(int64(0)), Reservation: ptr(int64(0))},
			CPU:     &specs.LinuxCPU{Shares: ptr(uint64(0)), Quota: ptr(int64(0)), Period: ptr(uint64(0)), Burst: ptr(uint64(0))},
			BlockIO: &specs.LinuxBlockIO{Weight: ptr(uint16(0))},
		}, ""},
		{"memory keeps the sum with swap", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(80 << 20))}},
			"memory.swap.max 16777216\nmemory.max 83886080"},
		{"swap alone", specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: ptr(int64(64 << 20))}}, "memory.swap.max 0\nmemory.max 67108864"},
		{"memory above the sum", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(128 << 20))}},
			"error: linux.resources.memory.swap: 100663296 is below linux.resources.memory.limit 134217728: it is the limit of memory and swap together"},
		{"no limit of memory is none of swap", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(-1))}}, "memory.swap.max max\nmemory.max max"},
		{"quota keeps the period", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: ptr(int64(10000))}}, "cpu.max 10000 50000"},
		{"period keeps the quota", specs.LinuxResources{CPU: &specs.LinuxCPU{Period: ptr(uint64(100000))}}, "cpu.max 20000 100000"},
		{"not idle has its weight again", specs.LinuxResources{CPU: &specs.LinuxCPU{Idle: ptr(int64(0))}}, "cpu.idle 0\ncpu.weight 59"},
		{"cpus alone", specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "1"}}, "cpuset.cpus 1"},
		{"no limit of pids", specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ptr(int64(-1))}}, "pids.max max"},
		{"hugepages are not to be had", specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 4096}}},
			"hugetlb.2MB.max 4096 -> none"},
		{"swappiness is asked once", specs.LinuxResources{Memory: &specs.LinuxMemory{Swappiness: ptr(uint64(1))}}, "URUN-CG-011 linux.resources.memory.swappiness"},
	} {
		if got := compiled(t, Limited{Before: before, InCgroup: true, Controllers: everyController}, &c.change); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	if *before.Memory.Limit != 64<<20 || before.CPU.Cpus != "0" || *before.Pids.Limit != 20 {
		t.Error("what was asked before has changed")
	}
}

// TestCompileUpdateWithoutCgroup: the other ways, and those of lifting what they set.
func TestCompileUpdateWithoutCgroup(t *testing.T) {
	for _, c := range []struct {
		change specs.LinuxResources
		want   string
	}{
		{specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ptr(int64(20))}}, "pids.max 20 -> rlimit RLIMIT_NPROC 20:20"},
		{specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ptr(int64(-1))}}, "pids.max max -> rlimit RLIMIT_NPROC unlimited:unlimited"},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(1 << 20))}},
			"memory.max 1048576 -> rlimit RLIMIT_DATA 1048576:1048576"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr(uint64(512))}}, "cpu.weight 59 -> scheduler SCHED_OTHER nice 3"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr(uint64(1024))}}, "cpu.weight 100 -> scheduler SCHED_OTHER"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "0-1"}}, "cpuset.cpus 0-1 -> run on CPUs 0-1"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: ptr(int64(-1))}}, "cpu.max max -> none"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Mems: "0"}}, "cpuset.mems 0 -> none"},
		{specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{Weight: ptr(uint16(100))}}, "io.bfq.weight 100 -> none"},
	} {
		if got := compiled(t, Limited{NoCgroup: "none"}, &c.change); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
	scheduled := Limited{Process: &specs.Process{Scheduler: &specs.Scheduler{Policy: specs.SchedBatch}}}
	if got := compiled(t, scheduled, &specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr(uint64(512))}}); got != "cpu.weight 59 -> none" {
		t.Errorf("a scheduler of its own: %s", got)
	}
}

// TestMergeDevices: a device's limit replaces that of the same device, and stands beside those of others.
func TestMergeDevices(t *testing.T) {
	device := func(minor int64, rate uint64) specs.LinuxThrottleDevice {
		d := specs.LinuxThrottleDevice{Rate: rate}
		d.Major, d.Minor = 8, minor
		return d
	}
	before := &specs.LinuxResources{
		BlockIO: &specs.LinuxBlockIO{ThrottleReadBpsDevice: []specs.LinuxThrottleDevice{device(0, 1), device(1, 1)}},
		Unified: map[string]string{"memory.high": "1", "pids.max": "2"},
	}
	change := &specs.LinuxResources{
		BlockIO: &specs.LinuxBlockIO{ThrottleReadBpsDevice: []specs.LinuxThrottleDevice{device(1, 5), device(2, 6)}},
		Unified: map[string]string{"memory.high": "3"},
	}
	got := Merge(before, change)
	rates := got.BlockIO.ThrottleReadBpsDevice
	if len(rates) != 3 || rates[0].Rate != 1 || rates[1].Rate != 5 || rates[2].Rate != 6 || before.BlockIO.ThrottleReadBpsDevice[1].Rate != 1 {
		t.Errorf("%+v", rates)
	}
	if got.Unified["memory.high"] != "3" || got.Unified["pids.max"] != "2" || before.Unified["memory.high"] != "1" {
		t.Errorf("%v", got.Unified)
	}
}
