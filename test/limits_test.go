package test

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func limited(r specs.LinuxResources) change { return func(s *specs.Spec) { s.Linux.Resources = &r } }

func ref[T any](v T) *T { return &v }

// TestLimitsWithoutACgroup: what no cgroup holds is done another way as far as that goes, and none is lost in silence.
func TestLimitsWithoutACgroup(t *testing.T) {
	c := newCaller(t)
	c.flags = []string{"--cgroup-manager", "disabled"}
	all := limited(specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: ref(int64(512 << 20))},
		CPU:    &specs.LinuxCPU{Shares: ref(uint64(512)), Quota: ref(int64(50000)), Cpus: "0"},
		Pids:   &specs.LinuxPids{Limit: ref(int64(40))},
	})
	r := c.run(all, inside("rlimit Max processes -- rlimit Max data size -- status Cpus_allowed_list -- nice")).exits(0)
	r.prints("40 40", "536870912 536870912", "0", "3")
	r.complains("URUN-CG-003", "linux.resources.memory.limit", "RLIMIT_DATA", "linux.resources.pids.limit", "RLIMIT_NPROC 40",
		"linux.resources.cpu.shares", "nice 3", "linux.resources.cpu.quota", "no limit", "linux.resources.cpu.cpus")
	if got := strings.Count(r.stderr, "URUN-CG-003"); got != 5 {
		t.Errorf("%d notices, want 5\n%s", got, r)
	}
	c.flags = append(c.flags, "--strict")
	c.run(all, inside("id")).refuses(1, "--strict", "URUN-CG-003")
}

// TestForkBombWithoutACgroup: the number of processes is limited all the same.
func TestForkBombWithoutACgroup(t *testing.T) {
	c := newCaller(t)
	c.flags = []string{"--cgroup-manager", "disabled"}
	c.run(limited(specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ref(int64(20))}}), inside("bomb 100")).exits(0).mentions("EAGAIN after")
}

func TestLimitsThatMakeNoSense(t *testing.T) {
	for at, r := range map[string]specs.LinuxResources{
		"linux.resources.memory.limit": {Memory: &specs.LinuxMemory{Limit: ref(int64(-7))}},
		"linux.resources.cpu.period":   {CPU: &specs.LinuxCPU{Quota: ref(int64(1000)), Period: ref(uint64(1 << 63))}},
		"linux.resources.unified":      {Unified: map[string]string{"../x": "1"}},
	} {
		newCaller(t).run(limited(r), inside("id")).refuses(1, at)
	}
}
