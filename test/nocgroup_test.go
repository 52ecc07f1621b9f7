package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// pids is the answer of `urun ps -f json`.
func (c *caller) pids(id string) []int {
	c.t.Helper()
	r := c.must("ps", "-f", "json", id).silent()
	var pids []int
	if err := json.Unmarshal([]byte(r.stdout), &pids); err != nil {
		c.t.Fatalf("%v\n%s", err, r)
	}
	return pids
}

// family is a container with a process 1, three children and an orphan, all there.
func family(t *testing.T) *caller {
	t.Helper()
	c := newCaller(t)
	c.detached(inside("spawn 3 -- orphan -- write /ready yes -- forever"))
	eventually(t, "the family is there", func() bool {
		_, err := os.Lstat(filepath.Join(c.rootfs[0], "ready"))
		return err == nil
	})
	return c
}

func TestPsFindsEveryProcessWithoutCgroups(t *testing.T) {
	c := family(t)
	pids := c.pids(c.id)
	if want := c.processes(); !slices.Equal(slices.Sorted(slices.Values(pids)), want) {
		t.Errorf("ps: %v, the host sees %v", pids, want)
	}
	if !slices.Contains(pids, c.state(c.id).Pid) {
		t.Errorf("process 1 is not in %v", pids)
	}
}

func TestPsFindsExecedProcesses(t *testing.T) {
	c := family(t)
	c.must("exec", "-d", c.id, "/inside", "sleep", "3600")
	if n := len(c.pids(c.id)); n != 6 {
		t.Errorf("%d processes, want 6", n)
	}
}

func TestPsTableIsThatOfPs(t *testing.T) {
	c := family(t)
	r := c.must("ps", c.id)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if !strings.Contains(lines[0], "PID") || !strings.Contains(lines[0], "CMD") || len(lines) != 6 {
		t.Errorf("want a header and five processes\n%s", r)
	}
	r = c.must("ps", c.id, "-o", "pid,args")
	if f := strings.Fields(r.stdout); len(f) < 2 || f[0] != "PID" || f[1] != "COMMAND" {
		t.Errorf("arguments of ps were not passed on\n%s", r)
	}
	c.must("ps", "--format", "table", c.id, "-ef").mentions("PID", "child sleep 3600")
}

func TestKillAllReachesEveryProcess(t *testing.T) {
	c := family(t)
	c.must("kill", "--all", c.id, "KILL")
	c.becomes(c.id, specs.StateStopped)
	eventually(t, "all processes are gone", func() bool { return len(c.processes()) == 0 })
	c.must("delete", c.id)
}

func TestKillOfProcessOneTakesAllWithIt(t *testing.T) {
	c := family(t)
	c.must("kill", c.id, "KILL")
	c.becomes(c.id, specs.StateStopped)
	c.must("delete", c.id)
	c.nothingLeft()
}

func TestDeleteForceTakesEverythingWithoutCgroups(t *testing.T) {
	c := family(t)
	c.must("delete", "--force", c.id)
	c.nothingLeft()
}

// stopped tells for each process of the container whether it is stopped (T).
func stopped(c *caller, id string) []bool {
	var all []bool
	for _, pid := range c.pids(id) {
		stat := readFile(c.t, fmt.Sprintf("/proc/%d/stat", pid))
		all = append(all, strings.HasPrefix(stat[strings.LastIndexByte(stat, ')'):], ") T"))
	}
	return all
}

func TestPauseAndResumeWithoutCgroups(t *testing.T) {
	c := family(t)
	c.must("pause", c.id)
	if s := c.state(c.id); s.Status != "paused" {
		t.Errorf("status %s, want paused", s.Status)
	}
	if all := stopped(c, c.id); slices.Contains(all, false) || len(all) != 5 {
		t.Errorf("stopped: %v", all)
	}
	c.must("state", c.id).mentions("signals")
	c.urun("pause", c.id).refuses(1, "paused")
	c.must("resume", c.id)
	if s := c.state(c.id); s.Status != specs.StateRunning {
		t.Errorf("status %s, want running", s.Status)
	}
	eventually(t, "all go on", func() bool { return !slices.Contains(stopped(c, c.id), true) })
	c.urun("resume", c.id).refuses(1, "paused")
}

func TestAPausedContainerCanBeDeletedByForce(t *testing.T) {
	c := family(t)
	c.must("pause", c.id)
	c.must("delete", "--force", c.id)
	c.nothingLeft()
}

func TestPauseOfAStoppedContainerIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("exit 0"))
	c.becomes(id, specs.StateStopped)
	c.urun("pause", id).refuses(1, "not running")
	c.urun("resume", id).refuses(1)
	if got := c.urun("ps", id); got.code == 0 && strings.Contains(got.stdout, "/inside") {
		t.Errorf("processes of a stopped container\n%s", got)
	}
}
