//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// running starts a container in the background and gives its state.
func (s *session) running(id, words string, change func(*specs.Spec)) cgroupState {
	s.t.Helper()
	dir := s.bundle(words, change)
	s.t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	s.must(s.urun, "run", "--detach", "--bundle", dir, id)
	return s.cgroupState(id)
}

// holds fails unless the files of the container's cgroup, and those of the scope around it, hold these values. systemd writes those
// of the scope by and by.
func (s *session) holds(st cgroupState, want map[string]string) {
	s.t.Helper()
	for file, value := range want {
		if got := s.file(st.Cgroup.Path, st.Cgroup.Leaf, file); got != value {
			s.t.Errorf("the container's %s is %q, want %q", file, got, value)
		}
		value = s.roomier(st, file, value)
		s.soon(file+" of the scope is "+value, func() bool { return s.file(st.Cgroup.Path, file) == value })
	}
}

// roomier is what a file of the scope holds where that of the container's cgroup holds the value: urun-monitor, which may be in the
// scope too, needs some room.
func (s *session) roomier(st cgroupState, file, value string) string {
	more := map[string]int{"memory.max": 4 << 20, "memory.high": 4 << 20, "pids.max": 8}[file]
	n, err := strconv.Atoi(value)
	if _, absent := os.Stat(filepath.Join(st.Cgroup.Path, "monitor")); absent != nil || err != nil {
		return value
	}
	return strconv.Itoa(n + more)
}

// soon waits until ok.
func (s *session) soon(what string, ok func() bool) {
	s.t.Helper()
	for range 300 {
		if ok() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("not so: %s", what)
}

// TestPlainUpdate: new limits hold in the container's cgroup and as properties of its scope, are told by state, and stay when systemd
// reads its units anew.
func TestPlainUpdate(t *testing.T) {
	s := newSession(t)
	st := s.running("changing", "forever", limits)
	if r := s.run(s.urun, "update", "--memory", "128m", "--memory-swap", "160m", "--pids-limit", "30", "--cpu-quota", "20000", "--cpu-share", "512",
		"changing"); r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, %q", r.code, r.stderr)
	}
	want := map[string]string{"memory.max": "134217728", "memory.swap.max": "33554432", "pids.max": "30", "cpu.max": "20000 100000", "cpu.weight": "59"}
	s.holds(st, want)
	s.must("systemctl", "--user", "daemon-reload")
	s.must("systemctl", "--user", "set-property", "--runtime", st.Cgroup.Unit, "MemoryHigh=100M") // has systemd write the files anew
	s.soon("systemd has written", func() bool { return s.file(st.Cgroup.Path, "memory.high") == "104857600" })
	s.holds(st, want)
	told := s.cgroupState("changing")
	for _, l := range told.Cgroup.Limits {
		if l.Got != want[l.File] {
			t.Errorf("state tells %+v", l)
		}
		delete(want, l.File)
	}
	if len(want) > 0 || len(told.Notices) > 0 {
		t.Errorf("state does not tell of %v; %v", want, told.Notices)
	}
	s.must(s.urun, "update", "--memory", "-1", "--pids-limit=-1", "--cpu-quota=-1", "changing")
	s.holds(st, map[string]string{"memory.max": "max", "memory.swap.max": "max", "pids.max": "max", "cpu.max": "max 100000"})
	if r := s.run(s.urun, "update", "--memory-swap", "64m", "changing"); r.code != 1 || !strings.Contains(r.stderr, "linux.resources.memory.limit, which is unlimited") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
}

// TestPlainUpdateBelowUse: by checkBeforeUpdate a limit below what is in use is refused, and nothing else of that update is done;
// without it the kernel takes the memory back, and kills where it cannot.
func TestPlainUpdateBelowUse(t *testing.T) {
	s := newSession(t)
	st := s.running("full", "hold 40 -- forever", limits)
	s.soon("the memory is in use", func() bool {
		n, err := strconv.Atoi(s.file(st.Cgroup.Path, "container", "memory.current"))
		return err == nil && n > 40<<20
	})
	file := filepath.Join(s.dir, "check.json")
	if err := os.WriteFile(file, []byte(`{"memory":{"limit":16777216,"checkBeforeUpdate":true},"pids":{"limit":30}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	r := s.run(s.urun, "update", "-r", file, "full")
	if r.code != 1 || !strings.Contains(r.stderr, "linux.resources.memory.limit: 16777216 is less than what is in use") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, map[string]string{"memory.max": "67108864", "pids.max": "50"})
	r = s.run(s.urun, "update", "--memory", "16m", "--memory-swap", "16m", "full")
	if r.code != 0 && !strings.Contains(r.stderr, "it ended while its limits were changed") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.soon("the kernel has killed it", func() bool { return s.state("full").Status == specs.StateStopped })
	if r := s.run(s.urun, "update", "--memory", "64m", "full"); r.code != 1 || !strings.Contains(r.stderr, "container not running") {
		t.Errorf("after its end: exit code %d, %q", r.code, r.stderr)
	}
}

// TestPlainUpdateLacks: what is not delegated is done another way or told of, and is an error where it is all that was asked.
func TestPlainUpdateLacks(t *testing.T) {
	s := newSession(t)
	st := s.running("lacking", "forever", limits)
	r := s.run(s.urun, "update", "--cpuset-cpus", "0", "--pids-limit", "40", "lacking")
	if r.code != 0 || !strings.Contains(r.stderr, "URUN-CG-003: linux.resources.cpu.cpus") || !strings.Contains(r.stderr, "Delegate=cpu cpuset memory pids") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, map[string]string{"pids.max": "40"})
	if got := s.must(s.urun, "exec", "lacking", "/inside", "status", "Cpus_allowed_list"); got != "0" {
		t.Errorf("exec's process may use the CPUs %s", got)
	}
	r = s.run(s.urun, "update", "--blkio-weight", "200", "lacking")
	if r.code != 1 || !strings.Contains(r.stderr, "nothing of this can be had") || !strings.Contains(r.stderr, "Delegate=cpu io memory pids") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	if r := s.run(s.urun, "--strict", "update", "--cpuset-cpus", "1", "--pids-limit", "45", "lacking"); r.code != 1 || !strings.Contains(r.stderr, "--strict") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, map[string]string{"pids.max": "40"})
}

// TestUpdateEverything: with all controllers each flag has its file.
func TestUpdateEverything(t *testing.T) {
	s := newSession(t)
	st := s.running("everything", "forever", limits)
	s.must(s.urun, "update", "--cpuset-cpus", "1", "--cpuset-mems", "0", "--cpu-idle", "1", "--memory", "96m", "--memory-swap=-1", "--memory-reservation", "32m",
		"everything")
	s.holds(st, map[string]string{"cpuset.cpus": "1", "cpuset.mems": "0", "cpu.idle": "1", "memory.low": "33554432", "memory.max": "100663296"})
	s.must(s.urun, "update", "--cpu-idle", "0", "--cpu-share", "2048", "--cpu-period", "50000", "--cpu-burst", "10000", "everything")
	s.holds(st, map[string]string{"cpu.idle": "0", "cpu.weight": "174", "cpu.max": "50000 50000"})
	if got := s.file(st.Cgroup.Path, "container", "cpu.max.burst"); got != "10000" {
		t.Errorf("cpu.max.burst is %s", got)
	}
	file := filepath.Join(s.dir, "unified.json")
	if err := os.WriteFile(file, []byte(`{"unified":{"memory.high":"50331648","pids.max":"33","nope.max":"1"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := s.run(s.urun, "update", "-r", file, "everything"); r.code != 0 || !strings.Contains(r.stderr, "unified.nope.max") || strings.Contains(r.stderr, "memory.high") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, map[string]string{"memory.high": "50331648", "pids.max": "33"})
}

// TestUpdateInADelegatedCgroup: a controller that the container has not had until now is handed down to it.
func TestUpdateInADelegatedCgroup(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", func(s *specs.Spec) {
		s.Linux.CgroupsPath = "of/mine"
		s.Linux.Resources = &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ref(int64(50))}}
	})
	script := `set -e
"$0" run --detach --bundle "$1" mine </dev/null >/dev/null
trap '"$0" delete --force mine' EXIT
path=$("$0" state mine | sed -n 's/.*"path": "\(.*\)".*/\1/p')
case $path in */of/mine) ;; *) exit 3 ;; esac
[ ! -e "$path/memory.max" ]
"$0" update --memory 64m --cpuset-cpus 1 --pids-limit 40 mine
cat "$path/memory.max" "$path/cpuset.cpus" "$path/pids.max"`
	r := s.run("systemd-run", "--user", "--scope", "-q", "-p", "Delegate=yes", "sh", "-c", script, s.urun, dir)
	if r.code != 0 || r.stdout != "67108864\n1\n40" || r.stderr != "" {
		t.Errorf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
}

// TestPlainUpdateTakesBack: an update that fails has changed nothing: not where systemd cannot be asked, nor where --strict refuses
// what the kernel does not take.
func TestPlainUpdateTakesBack(t *testing.T) {
	s := newSession(t)
	st := s.running("back", "forever", limits)
	before := map[string]string{"memory.max": "67108864", "pids.max": "50", "cpu.max": "50000 100000"}
	file := filepath.Join(s.dir, "nonsense.json")
	if err := os.WriteFile(file, []byte(`{"pids":{"limit":20},"cpu":{"quota":20000},"unified":{"memory.high":"nonsense"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := s.run(s.urun, "--strict", "update", "-r", file, "back"); r.code != 1 || !strings.Contains(r.stderr, "--strict: URUN-CG-004") {
		t.Errorf("--strict: exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, before)
	state := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "urun")
	r := s.run("env", "XDG_RUNTIME_DIR="+t.TempDir(), "DBUS_SESSION_BUS_ADDRESS=", s.urun, "--root", state, "update", "--pids-limit", "20", "--memory", "32m",
		"--memory-swap", "32m", "back")
	if r.code != 1 || !strings.Contains(r.stderr, "no systemd runs for this user") || !strings.Contains(r.stderr, "urun-back.scope") {
		t.Errorf("without systemd: exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, before)
	for _, l := range s.cgroupState("back").Cgroup.Limits {
		if want, ok := before[l.File]; ok && (l.Asked != want || l.Got != want) {
			t.Errorf("state tells %+v", l)
		}
	}
	if r := s.run(s.urun, "update", "-r", file, "back"); r.code != 0 || !strings.Contains(r.stderr, "URUN-CG-004: linux.resources.unified.memory.high") {
		t.Errorf("what can be had: exit code %d, %q", r.code, r.stderr)
	}
	s.holds(st, map[string]string{"cpu.max": "20000 100000"})
	if got := s.file(st.Cgroup.Path, "container", "pids.max"); got != "20" {
		t.Errorf("pids.max is %s", got)
	}
}
