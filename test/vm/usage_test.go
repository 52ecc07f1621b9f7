//go:build vm

package vm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestPlainEventsOfOOM: a process that is killed for lack of memory is an event, and the end of the container is the end of events.
func TestPlainEventsOfOOM(t *testing.T) {
	s := newSession(t)
	s.running("hungry", "forever", limits)
	file := filepath.Join(s.dir, "events")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(s.urun, "events", "--interval", "2s", "hungry")
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.soon("statistics are told", func() bool { return strings.Contains(s.file(file), `{"type":"stats","id":"hungry","data":{"cpu":`) })
	if r := s.run(s.urun, "exec", "hungry", "/inside", "eat", "200"); r.code != 137 {
		t.Errorf("more memory than allowed: exit code %d, %q", r.code, r.stdout)
	}
	s.soon("the kill is told", func() bool { return strings.Contains(s.file(file), `{"type":"oom","id":"hungry"}`) })
	s.soon("the kill is counted", func() bool { return strings.Contains(s.file(file), `"oom_kill":1`) })
	if n := strings.Count(s.file(file), `"oom","id"`); n != 1 {
		t.Errorf("%d events for one kill", n)
	}
	if got := s.state("hungry").Status; got != specs.StateRunning {
		t.Errorf("the container is %s", got)
	}
	s.must(s.urun, "delete", "--force", "hungry")
	if err := cmd.Wait(); err != nil {
		t.Errorf("events ends with %v", err)
	}
}

// TestPlainStatsOfAQuota: half a CPU is seen to be half a CPU.
func TestPlainStatsOfAQuota(t *testing.T) {
	s := newSession(t)
	s.running("half", "burn", limits)
	var rows []struct {
		ID                           string
		CPUPercent                   float64
		Memory, MemoryLimit, CPUTime uint64
		Pids, PidsLimit              uint64
	}
	if err := json.Unmarshal([]byte(s.must(s.urun, "stats", "--no-stream", "--interval", "4s", "-f", "json", "half")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].CPUPercent < 30 || rows[0].CPUPercent > 60 || rows[0].MemoryLimit != 64<<20 || rows[0].PidsLimit != 50 || rows[0].Memory == 0 {
		t.Errorf("%+v", rows)
	}
	var event struct {
		Data struct {
			CPU struct {
				Throttling struct{ ThrottledPeriods uint64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(s.must(s.urun, "events", "--stats", "half")), &event); err != nil {
		t.Fatal(err)
	}
	if event.Data.CPU.Throttling.ThrottledPeriods == 0 {
		t.Errorf("no period was throttled: %+v", event)
	}
}

// TestPlainHostPids: with the host's pids the cgroup tells whose processes are whose, even when the first has ended.
func TestPlainHostPids(t *testing.T) {
	s := newSession(t)
	st := s.running("hostpids", "spawn 3 -- forever", func(spec *specs.Spec) {
		limits(spec)
		var list []specs.LinuxNamespace
		for _, n := range spec.Linux.Namespaces {
			if n.Type != specs.PIDNamespace {
				list = append(list, n)
			}
		}
		spec.Linux.Namespaces = list
		for i, m := range spec.Mounts {
			if m.Type == "proc" {
				spec.Mounts[i] = specs.Mount{Destination: "/proc", Type: "bind", Source: "/proc", Options: []string{"rbind"}}
			}
		}
	})
	ps := func() (pids []int) {
		if err := json.Unmarshal([]byte(s.must(s.urun, "ps", "-f", "json", "hostpids")), &pids); err != nil {
			t.Fatal(err)
		}
		return pids
	}
	s.soon("all four are listed", func() bool { return len(ps()) == 4 })
	s.must(s.urun, "kill", "hostpids", "KILL")
	s.soon("the first has ended", func() bool { return s.state("hostpids").Status == specs.StateStopped })
	if got := ps(); len(got) != 3 {
		t.Errorf("left are %v", got)
	}
	s.must(s.urun, "kill", "--all", "hostpids", "KILL")
	if got := s.run(s.urun, "ps", "-f", "json", "hostpids"); strings.Contains(got.stdout, "1") {
		t.Errorf("after kill --all %q is left", got.stdout)
	}
	s.must(s.urun, "delete", "hostpids")
	s.gone(st.Cgroup.Unit, st.Cgroup.Path)
}

// TestPlainExecInACgroup: exec --cgroup is a cgroup below the container's own.
func TestPlainExecInACgroup(t *testing.T) {
	s := newSession(t)
	st := s.running("divided", "forever", limits)
	if err := os.Mkdir(filepath.Join(st.Cgroup.Path, "container", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"sub", "/sub", ":sub"} {
		if got := s.must(s.urun, "exec", "--cgroup", path, "divided", "/inside", "cat", "/proc/self/cgroup"); got != "0::/sub" {
			t.Errorf("--cgroup %s: it is in %q", path, got)
		}
	}
	for path, want := range map[string]string{"nowhere": "no such cgroup", "../..": "could lead out", "memory:sub": "one tree"} {
		if r := s.run(s.urun, "exec", "--cgroup", path, "divided", "/inside", "id"); r.code != 255 || !strings.Contains(r.stderr, want) {
			t.Errorf("--cgroup %s: exit code %d, %q", path, r.code, r.stderr)
		}
	}
}

// TestPlainStartOfAFrozenContainer: who has it frozen by systemctl before its start is told so; nobody waits for it with the lock.
func TestPlainStartOfAFrozenContainer(t *testing.T) {
	s := newSession(t)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", "sorbet") })
	s.must(s.urun, "create", "--bundle", s.bundle("forever", limits), "sorbet")
	st := s.cgroupState("sorbet")
	freeze := func(value string) {
		if err := os.WriteFile(filepath.Join(st.Cgroup.Path, "cgroup.freeze"), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
		s.soon("the scope is "+value, func() bool { return strings.Contains(s.file(st.Cgroup.Path, "cgroup.events"), "frozen "+value) })
	}
	freeze("1")
	if r := s.run("timeout", "60", s.urun, "start", "sorbet"); r.code != 1 || !strings.Contains(r.stderr, "cannot start a paused container; resume it first") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	freeze("0")
	s.must(s.urun, "start", "sorbet")
	if st := s.cgroupState("sorbet"); st.Status != string(specs.StateRunning) {
		t.Errorf("it is %s", st.Status)
	}
}

// TestPlainExecInAFrozenContainer: it waits for the container to be resumed, but not for ever: whoever has enough ends it, and then
// nothing of it is done later.
func TestPlainExecInAFrozenContainer(t *testing.T) {
	s := newSession(t)
	st := s.running("ice", "forever", limits)
	s.must(s.urun, "pause", "ice")
	cmd := exec.Command(s.urun, "exec", "--ignore-paused", "ice", "/inside", "print", "hello")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	procs := func() int { return len(strings.Fields(s.file(st.Cgroup.Path, "container", "cgroup.procs"))) }
	s.soon("the process is in the cgroup", func() bool { return procs() == 2 })
	for range 3 { // before or after it has been noted that it is there
		_ = cmd.Process.Signal(os.Interrupt)
	}
	err := cmd.Wait()
	if cmd.ProcessState.ExitCode() != 255 || !strings.Contains(said.String(), "interrupted by SIGINT before the process began") {
		t.Errorf("%v, %q", err, said.String())
	}
	if n := procs(); n != 1 {
		t.Errorf("%d processes are in the cgroup", n)
	}
	s.must(s.urun, "resume", "ice")
	if got := s.must(s.urun, "exec", "ice", "/inside", "print", "again"); got != "again" || strings.Contains(said.String(), "hello") {
		t.Errorf("%q, %q", got, said.String())
	}
}

// TestPlainPausedIsWhatTheKernelSays: who freezes or thaws the scope beside urun is believed.
func TestPlainPausedIsWhatTheKernelSays(t *testing.T) {
	s := newSession(t)
	st := s.running("icy", "burn", limits)
	s.must(s.urun, "pause", "icy")
	if got := s.file(st.Cgroup.Path, "container", "cgroup.events"); !strings.Contains(got, "frozen 1") {
		t.Errorf("pause returns before all is frozen: %s", got)
	}
	if st := s.cgroupState("icy"); st.Status != "paused" {
		t.Errorf("it is %s", st.Status)
	}
	usage := func() string {
		first, _, _ := strings.Cut(s.file(st.Cgroup.Path, "container", "cpu.stat"), "\n")
		return first
	}
	used := usage()
	s.must("systemctl", "--user", "show", st.Cgroup.Unit) // takes a while
	if now := usage(); now != used {
		t.Errorf("it uses CPU time while it is paused: %s, then %s", used, now)
	}
	s.must(s.urun, "update", "--pids-limit", "44", "icy")
	s.must(s.urun, "resume", "icy")
	if got := s.file(st.Cgroup.Path, "container", "cgroup.events"); !strings.Contains(got, "frozen 0") {
		t.Errorf("resume returns before all goes on: %s", got)
	}
	for _, value := range []string{"1", "0"} { // the scope is frozen, as systemctl does, and then the container's cgroup in it thawed
		where := map[string]string{"1": st.Cgroup.Path, "0": filepath.Join(st.Cgroup.Path, "container")}[value]
		if err := os.WriteFile(filepath.Join(where, "cgroup.freeze"), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"1": "paused", "0": "running"}[value]
		s.soon("it is "+want, func() bool { return s.cgroupState("icy").Status == want })
		if value == "1" {
			s.must(s.urun, "resume", "icy")
			s.must(s.urun, "pause", "icy")
		}
	}
	if r := s.run(s.urun, "resume", "icy"); r.code != 1 || !strings.Contains(r.stderr, "not paused") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	if _, err := strconv.Atoi(s.file(st.Cgroup.Path, "container", "pids.max")); err != nil {
		t.Error(err)
	}
}
