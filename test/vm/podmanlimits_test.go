//go:build vm

package vm

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pod runs podman with urun for its runtime.
func (s *session) pod(words ...string) result {
	s.t.Helper()
	return s.run(append([]string{"podman", "--runtime", s.urun}, words...)...)
}

// TestPodmanLimits: podman's limits hold and change, its statistics, pause and events are right, and a container of crun's beside it
// is not touched.
func TestPodmanLimits(t *testing.T) {
	s := newSession(t)
	root := s.rootfs()
	t.Cleanup(func() { s.pod("rm", "--force", "--all", "--time", "0") })
	beside := s.must("podman", "--runtime", "crun", "run", "--detach", "--name", "beside", "--network", "none", "--rootfs", root, "/inside", "forever")
	id := s.must("podman", "--runtime", s.urun, "run", "--detach", "--name", "limited", "--network", "none", "--memory", "64m", "--pids-limit", "40",
		"--cpu-shares", "512", "--cpuset-cpus", "0", "--rootfs", root, "/inside", "hold", "16", "--", "forever")
	scope := s.podScope(id)
	look := func(file string) string { return s.file(scope, "container", file) }
	want := func(pairs ...string) {
		t.Helper()
		for i := 0; i < len(pairs); i += 2 {
			if got := look(pairs[i]); got != pairs[i+1] {
				t.Errorf("%s is %q, want %q", pairs[i], got, pairs[i+1])
			}
		}
	}
	want("memory.max", "67108864", "memory.swap.max", "67108864", "pids.max", "40", "cpu.weight", "59", "cpuset.cpus", "0")
	if r := s.pod("update", "--memory", "128m", "--pids-limit", "30", "--cpus", "0.5", "--cpuset-cpus", "1", "limited"); r.code != 0 {
		t.Errorf("update: exit code %d, %s", r.code, r.stderr)
	}
	want("memory.max", "134217728", "pids.max", "30", "cpu.max", "50000 100000", "cpuset.cpus", "1", "cpu.weight", "59")
	var stats []struct {
		MemUsage string `json:"mem_usage"`
		Pids     string
	}
	if err := json.Unmarshal([]byte(s.pod("stats", "--no-stream", "--format", "json", "limited").stdout), &stats); err != nil {
		t.Fatal(err)
	}
	// podman reads the scope, whose limit has room for urun-monitor above that of the container.
	least, most := 128<<20, 144<<20
	if len(stats) != 1 || stats[0].Pids == "0" {
		t.Fatalf("stats: %+v", stats)
	}
	_, limit, _ := strings.Cut(stats[0].MemUsage, " / ")
	if mb, err := strconv.ParseFloat(strings.TrimSuffix(limit, "MB"), 64); err != nil || mb < float64(least)/1e6-1 || mb > float64(most)/1e6+1 {
		t.Errorf("stats: a limit of %s, want 128 MiB and little more", limit)
	}
	s.must("podman", "--runtime", s.urun, "pause", "limited")
	if got := s.pod("inspect", "--format", "{{.State.Status}}", "limited").stdout; got != "paused" || look("cgroup.freeze") != "1" {
		t.Errorf("after pause it is %s", got)
	}
	s.must("podman", "--runtime", s.urun, "unpause", "limited")
	if got := s.must("podman", "--runtime", s.urun, "exec", "limited", "/inside", "cat", "/proc/self/cgroup"); got != "0::/" {
		t.Errorf("exec sees %s", got)
	}
	if got := s.pod("top", "limited", "hpid").stdout; !strings.Contains(got, "HPID") {
		t.Errorf("top: %s", got)
	}
	if r := s.pod("stop", "--time", "5", "limited"); r.code != 0 {
		t.Errorf("stop: %+v", r)
	}
	s.must("podman", "--runtime", s.urun, "rm", "limited")
	s.gone(filepath.Base(scope), scope)
	if got := s.must("podman", "inspect", "--format", "{{.State.Status}}", beside); got != "running" {
		t.Errorf("crun's container is %s", got)
	}
}

// podScope is the directory of the scope that podman names.
func (s *session) podScope(id string) string {
	s.t.Helper()
	return s.must("sh", "-c", "ls -d /sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/user.slice/libpod-"+id+".scope")
}

// TestPodmanOOM: who takes more than the limits allow is stopped.
func TestPodmanOOM(t *testing.T) {
	s := newSession(t)
	t.Cleanup(func() { s.pod("rm", "--force", "--all", "--time", "0") })
	r := s.pod("run", "--name", "greedy", "--network", "none", "--memory", "64m", "--memory-swap", "64m", "--rootfs", s.rootfs(), "/inside", "eat", "200")
	if r.code != 137 {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	r = s.pod("run", "--rm", "--network", "none", "--pids-limit", "20", "--rootfs", s.rootfs(), "/inside", "bomb", "100")
	if r.code != 0 || !strings.HasPrefix(r.stdout, "EAGAIN after") {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}
