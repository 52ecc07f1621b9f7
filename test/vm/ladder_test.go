//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// A rung is a way to ask for a cgroup, and what comes of it.
type rung struct {
	flags string
	path  string // linux.cgroupsPath
	code  int
	want  string // in stderr, or in the path of the cgroup where there is one
}

// TestPlainLadder: outside of a cgroup of the caller's own there is systemd, or none. Who asks for what is not to be had is refused.
func TestPlainLadder(t *testing.T) {
	s := newSession(t)
	uid := strconv.Itoa(os.Getuid())
	for _, r := range []rung{
		{"", "", 0, "/app.slice/urun-rung.scope"},
		{"--systemd-cgroup", "", 0, "/app.slice/urun-rung.scope"},
		{"--cgroup-manager=systemd", "background.slice:my:name", 0, "/background.slice/my-name.scope"},
		{"", "a-b.slice:my:rung", 0, "/a.slice/a-b.slice/my-rung.scope"},
		{"", ":my:rung", 0, "/app.slice/my-rung.scope"},
		{"--cgroup-manager=disabled", "app.slice:my:rung", 0, "URUN-CG-001"},
		{"--cgroup-manager=disabled --strict", "app.slice:my:rung", 1, "URUN-CG-001"},
		{"--cgroup-manager=systemd", "/some/where", 1, "not what systemd takes"},
		{"--cgroup-manager=cgroupfs", "app.slice:my:rung", 1, "is for systemd"},
		{"--cgroup-manager=cgroupfs", "../up", 1, "could lead out"},
		{"--cgroup-manager=cgroupfs", "/user.slice/user-0.slice/mine", 1, "belongs to somebody else"},
		{"--cgroup-manager=cgroupfs", "/user.slice/user-" + uid + ".slice/user@" + uid + ".service/app.slice/mine", 1, "belongs to somebody else"},
		{"", "/user.slice/user-0.slice/mine", 0, "/app.slice/urun-rung.scope"},
		{"--strict", "/user.slice/user-0.slice/mine", 1, "URUN-CG-001"},
		{"--systemd-cgroup", "no-slice:my:rung", 1, ".slice"},
		{"--systemd-cgroup", "a..slice:my:x/y", 1, "linux.cgroupsPath"},
		{"--systemd-cgroup", "system.slice:my:thing.slice", 1, "a slice holds units"},
	} {
		s.climb(r)
	}
}

// climb tries one rung, and looks that nothing is left of it.
func (s *session) climb(r rung) {
	s.t.Helper()
	_ = os.Remove(filepath.Join(s.dir, "config.json"))
	dir := s.bundle("forever", func(spec *specs.Spec) {
		limits(spec)
		spec.Linux.CgroupsPath = r.path
	})
	got := s.run(append(append([]string{s.urun}, strings.Fields(r.flags)...), "run", "--detach", "--bundle", dir, "rung")...)
	if got.code != r.code {
		s.t.Errorf("%+v: exit code %d, %q", r, got.code, got.stderr)
	}
	if !strings.HasPrefix(r.want, "/") {
		if !strings.Contains(got.stderr, r.want) {
			s.t.Errorf("%+v: it says %q", r, got.stderr)
		}
		s.run(s.urun, "delete", "--force", "rung")
		return
	}
	if got.code != 0 {
		return
	}
	st := s.cgroupState("rung")
	if !strings.HasSuffix(st.Cgroup.Path, r.want) || st.Cgroup.Manager != "systemd" {
		s.t.Errorf("%+v: it is in %s", r, st.Cgroup.Path)
	}
	s.must(s.urun, "delete", "--force", "rung")
	s.gone(st.Cgroup.Unit, st.Cgroup.Path)
}

// everything is a limit of each kind.
func everything(s *specs.Spec) {
	s.Linux.Resources = &specs.LinuxResources{
		Memory: &specs.LinuxMemory{
			Limit: ref(int64(64 << 20)), Swap: ref(int64(96 << 20)), Reservation: ref(int64(32 << 20)), Swappiness: ref(uint64(10)),
		},
		CPU:            &specs.LinuxCPU{Shares: ref(uint64(512)), Quota: ref(int64(20000)), Burst: ref(uint64(5000)), Cpus: "0-1", Mems: "0", Idle: ref(int64(0))},
		Pids:           &specs.LinuxPids{Limit: ref(int64(50))},
		BlockIO:        &specs.LinuxBlockIO{ThrottleReadBpsDevice: []specs.LinuxThrottleDevice{device()}},
		HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 4 << 20}},
		Rdma:           map[string]specs.LinuxRdma{"mlx5_0": {HcaHandles: ref(uint32(3))}},
		Unified:        map[string]string{"memory.high": "50331648", "memory.oom.group": "1"},
		Devices:        []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}, {Allow: true, Type: "c", Major: ref(int64(1)), Minor: ref(int64(3)), Access: "r"}},
	}
}

// device is the guest's disk, virtio's first.
func device() specs.LinuxThrottleDevice {
	d := specs.LinuxThrottleDevice{Rate: 1 << 20}
	d.Major, d.Minor = 254, 0
	return d
}

// TestEveryLimit: with all that systemd hands on, only what it hands on to nobody is missing, and told with the reason.
func TestEveryLimit(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", everything)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", "every") })
	r := s.run(s.urun, "run", "--detach", "--bundle", dir, "every")
	for _, want := range []string{"linux.resources.hugepageLimits[0]", "linux.resources.rdma.mlx5_0", "URUN-CG-011: linux.resources.memory.swappiness",
		"hands the controller hugetlb on to nobody", "hands the controller rdma on to nobody"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("it does not say %q:\n%s", want, r.stderr)
		}
	}
	if r.code != 0 {
		t.Fatalf("exit code %d, %s", r.code, r.stderr)
	}
	st := s.cgroupState("every")
	s.holds(st, map[string]string{
		"memory.max": "67108864", "memory.swap.max": "33554432", "memory.low": "33554432", "memory.high": "50331648",
		"cpu.weight": "59", "cpu.max": "20000 100000", "cpuset.cpus": "0-1", "cpuset.mems": "0", "pids.max": "50",
		"io.max": "254:0 rbps=1048576 wbps=max riops=max wiops=max",
	})
	for file, want := range map[string]string{"cpu.max.burst": "5000", "memory.oom.group": "1"} {
		if got := s.file(st.Cgroup.Path, "container", file); got != want {
			t.Errorf("%s is %s", file, got)
		}
	}
	if r := s.run(s.urun, "--strict", "run", "--bundle", dir, "strict"); r.code != 1 || !strings.Contains(r.stderr, "--strict: URUN-CG-") {
		t.Errorf("--strict: exit code %d, %q", r.code, r.stderr)
	}
}

// TestPlainEveryLimit: each limit whose controller is missing is told with what root has to write.
func TestPlainEveryLimit(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", everything)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", "every") })
	r := s.run(s.urun, "run", "--detach", "--bundle", dir, "every")
	if r.code != 0 || strings.Count(r.stderr, "URUN-CG-003") != 5 || !strings.Contains(r.stderr, "Delegate=cpu cpuset io memory pids") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	s.holds(s.cgroupState("every"), map[string]string{"memory.max": "67108864", "cpu.max": "20000 100000", "pids.max": "50"})
}
