package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// unplaced is a container without a cgroup of its own, with three children of its process.
func unplaced(t *testing.T, r specs.LinuxResources) *caller {
	t.Helper()
	c := newCaller(t)
	c.flags = []string{"--cgroup-manager", "disabled"}
	c.detached(limited(r), inside("spawn 3 -- write /ready yes -- forever"))
	eventually(t, "the children are there", func() bool {
		_, err := os.Lstat(filepath.Join(c.rootfs[0], "ready"))
		return err == nil
	})
	return c
}

// seen is what /proc says of a process: the soft and hard limit of processes and of data, the nice value, the CPUs.
func seen(t *testing.T, pid int) string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", pid)
	var words []string
	for line := range strings.Lines(readFile(t, dir+"limits")) {
		for _, name := range []string{"Max processes", "Max data size"} {
			if rest, ok := strings.CutPrefix(line, name); ok {
				words = append(words, strings.Fields(rest)[:2]...)
			}
		}
	}
	stat := readFile(t, dir+"stat")
	words = append(words, strings.Fields(stat[strings.LastIndexByte(stat, ')'):])[17])
	for line := range strings.Lines(readFile(t, dir+"status")) {
		if cpus, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			words = append(words, strings.TrimSpace(cpus))
		}
	}
	return strings.Join(words, " ")
}

// noticesOf are what state tells of limits that are not held in full, a line for each.
func noticesOf(c *caller) string {
	c.t.Helper()
	var st struct {
		Notices []struct{ Code, Want, Got string }
	}
	if err := json.Unmarshal([]byte(c.must("state", c.id).stdout), &st); err != nil {
		c.t.Fatal(err)
	}
	var lines []string
	for _, n := range st.Notices {
		lines = append(lines, n.Want+": "+n.Got)
	}
	return strings.Join(lines, "\n")
}

// TestUpdateWithoutACgroup: the limits change of every process that is there, and of those that exec adds.
func TestUpdateWithoutACgroup(t *testing.T) {
	c := unplaced(t, specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ref(int64(400))}, Memory: &specs.LinuxMemory{Limit: ref(int64(1 << 30))}})
	r := c.urun("update", "--pids-limit", "300", "--memory=512m", "--cpu-share", "512", "--cpuset-cpus", "0", "--cpu-quota", "50000", c.id).exits(0)
	r.complains("URUN-CG-003", "RLIMIT_NPROC 300", "RLIMIT_DATA 536870912", "nice 3", "linux.resources.cpu.cpus",
		"linux.resources.cpu.quota (cpu.max 50000): no limit").prints("")
	const want = "536870912 536870912 300 300 3 0"
	for _, pid := range c.pids(c.id) {
		if got := seen(t, pid); got != want {
			t.Errorf("process %d has %q, want %q", pid, got, want)
		}
	}
	c.must("exec", c.id, "/inside", "rlimit", "Max processes", "--", "rlimit", "Max data size", "--", "nice", "--", "status", "Cpus_allowed_list").
		prints("300 300", "536870912 536870912", "3", "0")
	if got := noticesOf(c); strings.Contains(got, "pids.max 400") || !strings.Contains(got, "pids.max 300") || strings.Count(got, "\n") != 4 {
		t.Errorf("state tells of\n%s", got)
	}
}

// TestUpdateThatCannotBeHad: what was taken from a running process cannot be given back; that is an error where it is all that was
// asked, else a notice.
func TestUpdateThatCannotBeHad(t *testing.T) {
	c := unplaced(t, specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ref(int64(400))}, CPU: &specs.LinuxCPU{Shares: ref(uint64(512))}})
	for _, args := range [][]string{{"--pids-limit", "500"}, {"--pids-limit", "-1"}, {"--cpu-share", "1024"}, {"--cpu-quota", "10000"}, {"--blkio-weight", "100"}} {
		c.urun(append(append([]string{"update"}, args...), c.id)...).refuses(1, "nothing of this can be had", "URUN-CG-003")
	}
	before := noticesOf(c)
	c.urun("update", "--pids-limit", "500", "--cpuset-cpus", "0", c.id).exits(0).complains("RLIMIT_NPROC 400 stays", "linux.resources.cpu.cpus")
	if got := noticesOf(c); got == before || !strings.Contains(got, "RLIMIT_NPROC 400 stays") {
		t.Errorf("state tells of\n%s", got)
	}
	c.flags = append(c.flags, "--strict")
	c.urun("update", "--pids-limit", "200", c.id).refuses(1, "--strict", "URUN-CG-003")
	for _, pid := range c.pids(c.id) {
		if got := seen(t, pid); !strings.Contains(got, "400 400") {
			t.Errorf("process %d has %q after a refused update", pid, got)
		}
	}
}

// TestUpdateFromAFile: - is standard input; flags win over the file; zeros say nothing.
func TestUpdateFromAFile(t *testing.T) {
	c := unplaced(t, specs.LinuxResources{})
	c.urunIn("", strings.NewReader(`{"pids":{"limit":350},"memory":{"limit":0,"swap":0},"cpu":{"shares":0,"quota":0,"period":0,"burst":0,"cpus":""}}`),
		"update", "--resources=-", c.id).exits(0).complains("RLIMIT_NPROC 350")
	file := filepath.Join(c.dir, "r.json")
	if err := os.WriteFile(file, []byte(`{"pids":{"limit":340},"cpu":{"cpus":"0"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c.urun("update", "-r", file, "--pids-limit", "330", c.id).exits(0).complains("RLIMIT_NPROC 330")
	if got := seen(t, c.state(c.id).Pid); !strings.Contains(got, "330 330") || !strings.HasSuffix(got, " 0") {
		t.Errorf("it has %q", got)
	}
	c.urun("update", c.id).exits(0).silent()
}

// TestBadUpdates: what makes no sense is refused by name, and changes nothing.
func TestBadUpdates(t *testing.T) {
	c := unplaced(t, specs.LinuxResources{})
	raw := readFile(t, c.stateFile(c.id))
	for _, bad := range []struct {
		args  string
		wants string
	}{
		{"--memory 12x", "--memory"}, {"--memory=-2", "--memory"}, {"--memory 9223372036854775808", "--memory"},
		{"--memory 100", "less than a page"}, {"--memory-swap 64m", "linux.resources.memory.swap"},
		{"--memory 64m --memory-swap 32m", "linux.resources.memory.swap"}, {"--memory 64m --memory-reservation 65m", "linux.resources.memory.reservation"},
		{"--pids-limit -5", "linux.resources.pids.limit"}, {"--pids-limit 0", "--pids-limit"}, {"--pids-limit 1e3", "--pids-limit"},
		{"--cpu-quota 5", "linux.resources.cpu.quota"}, {"--cpu-quota 9223372036854775807", "linux.resources.cpu.quota"},
		{"--cpu-period 9223372036854775808", "linux.resources.cpu.period"}, {"--cpu-period -1", "--cpu-period"},
		{"--cpu-burst 9223372036854775808", "linux.resources.cpu.burst"}, {"--cpu-idle 2", "linux.resources.cpu.idle"},
		{"--cpu-rt-runtime 1000", "linux.resources.cpu.realtimeRuntime"}, {"--cpu-rt-period 1000", "linux.resources.cpu.realtimePeriod"},
		{"--cpuset-cpus 1-0", "linux.resources.cpu.cpus"}, {"--cpuset-mems x", "linux.resources.cpu.mems"},
		{"--blkio-weight 5", "linux.resources.blockIO.weight"}, {"--blkio-weight 65536", "--blkio-weight"},
		{"--l3-cache-schema L3:0=f", "resctrl"}, {"--mem-bw-schema MB:0=10", "resctrl"},
		{"-r /nowhere/at/all", "no such file"}, {"-r /proc/self/cmdline", "--resources"},
	} {
		args := append(append([]string{"update"}, strings.Fields(bad.args)...), c.id)
		c.urun(args...).refuses(1, bad.wants)
	}
	for doc, wants := range map[string]string{
		``: "unexpected end", `null`: "null", `[]`: "object", `{"memory":{"limit":"64m"}}`: "memory.limit", `{"unified":{"../x":"1"}}`: "unified",
		`{"pids":{"limit":9223372036854775808}}`: "pids.limit",
	} {
		c.urunIn("", strings.NewReader(doc), "update", "-r", "-", c.id).refuses(1, wants)
	}
	if readFile(t, c.stateFile(c.id)) != raw {
		t.Error("the record has changed")
	}
}

// TestExecInACgroupThereIsNot: where the container has no cgroup there is none below it.
func TestExecInACgroupThereIsNot(t *testing.T) {
	c := unplaced(t, specs.LinuxResources{})
	c.urun("exec", "--cgroup", "sub", c.id, "/inside", "id").refuses(255, "--cgroup", "no cgroup of its own")
}

func TestUpdateOfAContainerThatHasEnded(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("exit 0"))
	c.becomes(id, specs.StateStopped)
	c.urun("update", "--pids-limit", "200", id).refuses(1, "not running")
}

// TestUpdateBeforeTheStart: a container that waits has its limits changed as well.
func TestUpdateBeforeTheStart(t *testing.T) {
	c := newCaller(t)
	c.flags = []string{"--cgroup-manager", "disabled"}
	id := c.created(limited(specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ref(int64(400))}}), inside("forever"))
	c.urun("update", "--pids-limit", "250", id).exits(0)
	c.must("start", id)
	if got := seen(t, c.state(id).Pid); !strings.Contains(got, "250 250") {
		t.Errorf("it has %q", got)
	}
}
