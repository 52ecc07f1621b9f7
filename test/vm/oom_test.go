//go:build vm

package vm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// watched is what state says about a container's memory and who watches it.
type watched struct {
	Status      specs.ContainerState
	Pid         int
	OOMKills    *uint64
	OutOfMemory string
	Monitor     *struct {
		By, Status, Lost string
		Pid              int
	}
	Cgroup *struct{ Unit, Path, Leaf string }
}

func (s *session) watched(id string) (w watched) {
	s.t.Helper()
	text := s.must(s.urun, "state", id)
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		s.t.Fatal(err)
	}
	if w.Monitor == nil || w.Cgroup == nil || w.Monitor.Status == "watching" && w.Monitor.Pid == 0 {
		s.t.Fatalf("nobody watches, or there is no cgroup: %s", text)
	}
	return w
}

// stopped waits for the end of a container.
func (s *session) stopped(id string) {
	s.t.Helper()
	for s.state(id).Status != specs.StateStopped {
		time.Sleep(50 * time.Millisecond) // go test has the time-out
	}
}

// lives says whether there is a process, zombies aside.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// ends fails unless the process ends.
func (s *session) ends(pid int) {
	s.t.Helper()
	for range 300 {
		if !lives(pid) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("process %d lives on", pid)
}

// begin runs a container in the background, until the test ends.
func (s *session) begin(id, words string, change func(*specs.Spec)) {
	s.t.Helper()
	dir := s.bundle(words, change)
	s.t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	s.must(s.urun, "run", "--detach", "--bundle", dir, id)
}

// TestPlainOOMKillIsTold: what the kernel killed is known after the container and its scope are gone.
func TestPlainOOMKillIsTold(t *testing.T) { oomKillIsTold(t) }
func TestOOMKillIsTold(t *testing.T)      { oomKillIsTold(t) }

func oomKillIsTold(t *testing.T) {
	s := newSession(t)
	const id = "greedy"
	s.begin(id, "eat 100 -- forever", limits)
	s.stopped(id)
	w := s.watched(id)
	if w.OOMKills == nil || *w.OOMKills != 1 || !strings.Contains(w.OutOfMemory, "the kernel has killed a process") || w.Monitor.Status != "done" {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)
	s.must(s.urun, "delete", id)
	if left := s.run(s.urun, "state", id); left.code == 0 {
		t.Error("a container is left")
	}
}

// TestPlainOOMKillInside: a process inside is killed, and the container goes on: state knows while it runs and afterwards, run says
// so at the end.
func TestPlainOOMKillInside(t *testing.T) {
	s := newSession(t)
	const id = "inside"
	s.begin(id, "forever", limits)
	if r := s.run(s.urun, "exec", id, "/inside", "eat", "100"); r.code != 137 {
		t.Fatalf("exec ended with %d: %s", r.code, r.stderr)
	}
	w := s.watched(id)
	if w.Status != specs.StateRunning || w.OOMKills == nil || *w.OOMKills != 1 || w.Monitor.Status != "watching" {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.must(s.urun, "kill", id, "KILL")
	s.stopped(id)
	if w := s.watched(id); w.OOMKills == nil || *w.OOMKills != 1 || w.OutOfMemory == "" {
		t.Errorf("%+v", w)
	}
	s.must(s.urun, "delete", id)

	s = newSession(t)
	r := s.run(s.urun, "run", "--keep", "--bundle", s.bundle("herd 1 100 -- herd 1 100 -- exit 3", limits), id)
	if r.code != 3 || !strings.Contains(r.stderr, "the kernel has killed 2 processes of the container for lack of memory") {
		t.Errorf("run ended with %d: %s", r.code, r.stderr)
	}
	if w := s.watched(id); w.OOMKills == nil || *w.OOMKills != 2 || w.Monitor.By != "urun" || w.Monitor.Status != "done" {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.must(s.urun, "delete", id)
}

// TestPlainMonitorInItsPlace: it is in the scope, beside the container, and no limit, pause or kill of the container's meets it.
func TestPlainMonitorInItsPlace(t *testing.T) {
	s := newSession(t)
	const id = "place"
	s.begin(id, "forever", limits)
	w := s.watched(id)
	pid := w.Monitor.Pid
	if got := s.file("/proc", strconv.Itoa(pid), "cgroup"); !strings.HasSuffix(got, "/"+w.Cgroup.Unit+"/monitor") {
		t.Errorf("the monitor is in %s", got)
	}
	if all := strings.Fields(s.file(w.Cgroup.Path, "container", "cgroup.procs")); !slices.Equal(all, []string{strconv.Itoa(w.Pid)}) {
		t.Errorf("the container's processes are %v", all)
	}
	if got := s.file(w.Cgroup.Path, "monitor", "memory.max"); got != "max" {
		t.Errorf("the monitor has %s", got)
	}
	shown := s.must("systemctl", "--user", "show", w.Cgroup.Unit, "-p", "MemoryMax,TasksMax")
	if !strings.Contains(shown, fmt.Sprint("MemoryMax=", 68<<20)) || !strings.Contains(shown, "TasksMax=58") {
		t.Errorf("the scope has %s", shown)
	}
	status := s.file("/proc", strconv.Itoa(pid), "status")
	if kb := regexp.MustCompile(`VmRSS:\s*(\d+) kB`).FindStringSubmatch(status); kb == nil || len(kb[1]) > 5 || kb[1] > "12288" && len(kb[1]) == 5 {
		t.Errorf("it has %v kB of memory", kb)
	} else {
		t.Logf("the monitor has %s kB of memory", kb[1])
	}
	s.must(s.urun, "pause", id)
	if frozen := s.file(w.Cgroup.Path, "monitor", "cgroup.events"); !strings.Contains(frozen, "frozen 0") {
		t.Errorf("paused with the container: %s", frozen)
	}
	s.must(s.urun, "resume", id)
	s.must(s.urun, "kill", "--all", id, "KILL")
	s.stopped(id)
	if w := s.watched(id); w.Monitor.Status != "done" || *w.OOMKills != 0 {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.ends(pid)
	s.must(s.urun, "delete", id)
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)
}

// TestPlainMonitorEnds with its container, whoever ends it, and nothing is left.
func TestPlainMonitorEnds(t *testing.T) {
	for how, end := range map[string]func(s *session, id string, w watched){
		"killed":  func(s *session, id string, w watched) { _ = syscall.Kill(w.Pid, syscall.SIGKILL) },
		"deleted": func(s *session, id string, w watched) { s.must(s.urun, "delete", "--force", id) },
		"its scope is killed": func(s *session, id string, w watched) {
			s.must("systemctl", "--user", "kill", "--signal", "KILL", w.Cgroup.Unit)
		},
		"its scope is stopped": func(s *session, id string, w watched) {
			s.must("systemctl", "--user", "stop", w.Cgroup.Unit)
		},
	} {
		t.Run(how, func(t *testing.T) {
			s := newSession(t)
			const id = "ends"
			s.begin(id, "forever", limits)
			w := s.watched(id)
			// Until its program handles TERM the first process of a pid namespace does not even notice it.
			s.soon("it handles TERM", func() bool {
				_, rest, _ := strings.Cut(s.file("/proc", strconv.Itoa(w.Pid), "status"), "SigCgt:")
				mask, err := strconv.ParseUint(strings.Fields(rest + " 0")[0], 16, 64)
				return err == nil && mask&(1<<(syscall.SIGTERM-1)) != 0
			})
			end(s, id, w)
			s.ends(w.Monitor.Pid)
			if how != "deleted" {
				s.stopped(id)
				s.must(s.urun, "delete", id)
			}
			s.gone(w.Cgroup.Unit, w.Cgroup.Path)
			if _, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "urun", id)); !os.IsNotExist(err) {
				t.Errorf("the state directory is left: %v", err)
			}
		})
	}
}

// TestPlainMonitorIsKilled: the container goes on, state says what is lost, and delete works.
func TestPlainMonitorIsKilled(t *testing.T) {
	s := newSession(t)
	const id = "blind"
	s.begin(id, "forever", limits)
	w := s.watched(id)
	if w.Monitor.Pid == 0 {
		t.Fatalf("%+v", w.Monitor)
	}
	if err := syscall.Kill(w.Monitor.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.ends(w.Monitor.Pid)
	w = s.watched(id)
	if w.Status != specs.StateRunning || w.Monitor.Status != "lost" || !strings.Contains(w.Monitor.Lost, "it is not known whether the kernel has killed") {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.must(s.urun, "exec", id, "/inside", "id")
	s.must(s.urun, "kill", id, "KILL")
	s.stopped(id)
	s.must(s.urun, "delete", id)
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)
}

// TestBrokenMonitor: one that does not work takes nothing from the container but the watching, even when it has ended by the time
// that systemd is asked for the scope.
func TestBrokenMonitor(t *testing.T) {
	s := newSession(t)
	const id = "broken"
	dir := s.bundle("forever", limits)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	r := s.run("env", "URUN_MONITOR=/bin/false", s.urun, "run", "--detach", "--bundle", dir, id)
	if r.code != 0 || !strings.Contains(r.stderr, "URUN-CG-005") {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	w := s.watched(id)
	if w.Monitor.Status != "lost" || s.file(w.Cgroup.Path, "container", "memory.max") != "67108864" {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	s.must(s.urun, "delete", "--force", id)
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)
}
