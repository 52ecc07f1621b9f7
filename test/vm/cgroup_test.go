//go:build vm

package vm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func ref[T any](v T) *T { return &v }

// limits are within what any user of systemd may have.
func limits(s *specs.Spec) {
	s.Linux.Resources = &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: ref(int64(64 << 20)), Swap: ref(int64(64 << 20))},
		CPU:    &specs.LinuxCPU{Quota: ref(int64(50000)), Period: ref(uint64(100000))},
		Pids:   &specs.LinuxPids{Limit: ref(int64(50))},
	}
}

// cgroupState is what state says beyond the specification.
type cgroupState struct {
	Pid    int
	Status string
	Paused string
	Cgroup *struct {
		Manager, Unit, Path, Leaf string
		Limits                    []struct{ Want, File, Asked, Got string }
	}
	Notices []struct{ Code, Want, Got string }
}

func (s *session) cgroupState(id string) (st cgroupState) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.must(s.urun, "state", id)), &st); err != nil {
		s.t.Fatal(err)
	}
	if st.Cgroup == nil {
		s.t.Fatal("state tells of no cgroup")
	}
	return st
}

func (s *session) file(path ...string) string {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// gone fails unless the unit and its cgroup go away, which systemd does by and by.
func (s *session) gone(unit, path string) {
	s.t.Helper()
	for range 200 {
		_, err := os.Stat(path)
		if os.IsNotExist(err) && s.run("systemctl", "--user", "is-active", unit).stdout == "inactive" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("%s or %s is left", unit, path)
}

// TestPlainScope: the limits of a config become those of a scope of the user's systemd and of the cgroup in it.
func TestPlainScope(t *testing.T) { testScope(t) }

// TestScope is TestPlainScope for a user with every controller.
func TestScope(t *testing.T) { testScope(t) }

func testScope(t *testing.T) {
	s := newSession(t)
	const id = "limited"
	dir := s.bundle("forever", limits)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	s.must(s.urun, "run", "--detach", "--bundle", dir, id)
	st := s.cgroupState(id)
	if st.Cgroup.Manager != "systemd" || st.Cgroup.Unit != "urun-"+id+".scope" || len(st.Notices) > 0 {
		t.Errorf("state: %+v", st)
	}
	got := map[string]string{}
	for _, l := range st.Cgroup.Limits {
		got[l.File] = l.Got
	}
	for file, want := range map[string]string{"memory.max": "67108864", "pids.max": "50", "cpu.max": "50000 100000"} {
		if got[file] != want || s.file(st.Cgroup.Path, "container", file) != want {
			t.Errorf("%s is %q in state and %q in the cgroup, want %q", file, got[file], s.file(st.Cgroup.Path, "container", file), want)
		}
	}
	shown := s.must("systemctl", "--user", "show", st.Cgroup.Unit, "-p", "MemoryMax,TasksMax,CPUQuotaPerSecUSec,Delegate,Description")
	for _, want := range []string{"MemoryMax=71303168", "TasksMax=58", "CPUQuotaPerSecUSec=500ms", "Delegate=yes", "Description=urun container limited"} {
		if !strings.Contains(shown, want) {
			t.Errorf("systemd does not show %s:\n%s", want, shown)
		}
	}
	// Inside it is all that there is, and exec's process is in it too.
	if got := s.must(s.urun, "exec", id, "/inside", "cat", "/proc/self/cgroup", "--", "cat", "/sys/fs/cgroup/memory.max"); got != "0::/\n67108864" {
		t.Errorf("exec sees %q", got)
	}
	if r := s.run(s.urun, "exec", id, "/inside", "write", "/sys/fs/cgroup/memory.max", "max"); r.code == 0 {
		t.Error("the container lifts its own limit")
	}
	s.must(s.urun, "pause", id)
	if st := s.cgroupState(id); st.Paused != "freezer" || s.file(st.Cgroup.Path, "container", "cgroup.freeze") != "1" {
		t.Errorf("paused: %+v", st)
	}
	s.must(s.urun, "resume", id)
	s.must(s.urun, "exec", id, "/inside", "id")
	s.must(s.urun, "delete", "--force", id)
	s.gone(st.Cgroup.Unit, st.Cgroup.Path)
}

// TestExecBeforeTheStart: who enters a container that waits is in its cgroup, too.
func TestExecBeforeTheStart(t *testing.T) {
	s := newSession(t)
	const id = "waits"
	s.must(s.urun, "create", "--bundle", s.bundle("forever", limits), id)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	if got := s.must(s.urun, "exec", id, "/inside", "cat", "/proc/self/cgroup", "--", "cat", "/sys/fs/cgroup/memory.max"); got != "0::/\n67108864" {
		t.Errorf("exec sees %q", got)
	}
	s.must(s.urun, "start", id)
	if got := s.must(s.urun, "exec", id, "/inside", "cat", "/proc/self/cgroup"); got != "0::/" {
		t.Errorf("after the start exec sees %q", got)
	}
}

// TestPlainLimitsHold: who takes more than the limits allow is stopped, by the kernel.
func TestPlainLimitsHold(t *testing.T) {
	s := newSession(t)
	r := s.run(s.urun, "run", "--bundle", s.bundle("eat 16 -- eat 200", limits), "greedy")
	if r.code != 137 || r.stdout != "ate 16 MiB" || !strings.Contains(r.stderr, "the kernel has killed a process of the container for lack of memory") {
		t.Errorf("more memory than allowed: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	s = newSession(t)
	few := func(s *specs.Spec) { limits(s); s.Linux.Resources.Pids.Limit = ref(int64(20)) }
	r = s.run(s.urun, "run", "--bundle", s.bundle("bomb 100", few), "bomb")
	if r.code != 0 || !strings.HasPrefix(r.stdout, "EAGAIN after") {
		t.Errorf("more processes than allowed: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

// TestPlainLacksCpuset: Debian hands cpuset on to nobody; that is told, with what would change it.
func TestPlainLacksCpuset(t *testing.T) {
	s := newSession(t)
	pinned := func(s *specs.Spec) { s.Linux.Resources = &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "0"}} }
	r := s.run(s.urun, "run", "--bundle", s.bundle("status Cpus_allowed_list", pinned), "pinned")
	if r.code != 0 || r.stdout != "0" || !strings.Contains(r.stderr, "URUN-CG-003") || !strings.Contains(r.stderr, "Delegate=cpu cpuset") {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

// TestCpuset: where it is handed on, the kernel holds it.
func TestCpuset(t *testing.T) {
	s := newSession(t)
	pinned := func(s *specs.Spec) { s.Linux.Resources = &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "1"}} }
	r := s.run(s.urun, "run", "--bundle", s.bundle("status Cpus_allowed_list", pinned), "pinned")
	if r.code != 0 || r.stdout != "1" || r.stderr != "" {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

// TestUnitInTheWay: a scope in which nobody is left is replaced; one that is in use is not touched.
func TestUnitInTheWay(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("id", limits)
	unit := "urun-way-" + strconv.Itoa(os.Getpid()) + ".scope"
	id := strings.TrimSuffix(strings.TrimPrefix(unit, "urun-"), ".scope")
	s.run("systemd-run", "--user", "--scope", "--unit", unit, "false") // it fails, and systemd remembers
	s.must(s.urun, "run", "--bundle", dir, id)
	s.must("systemd-run", "--user", "--scope", "--unit", unit, "sh", "-c", "sleep 300 >/dev/null 2>&1 & sleep 1")
	r := s.run(s.urun, "run", "--bundle", dir, id)
	if r.code != 1 || !strings.Contains(r.stderr, "it has processes") || !strings.Contains(r.stderr, "systemctl --user status "+unit) {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	s.must("systemctl", "--user", "is-active", unit)
	s.must("systemctl", "--user", "stop", unit)
	if left := s.run(s.urun, "state", id); left.code == 0 {
		t.Error("a container is left")
	}
}

// TestDelegatedCgroup: in a cgroup that is the caller's own no systemd is needed, as in a CI agent's service.
func TestDelegatedCgroup(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", limits)
	in := func(words ...string) []string {
		return append([]string{"systemd-run", "--user", "--scope", "-q", "-p", "Delegate=yes"}, words...)
	}
	script := `set -e
"$0" --cgroup-manager cgroupfs run --detach --bundle "$1" own </dev/null >/dev/null
"$0" state own
"$0" exec own /inside cat /proc/self/cgroup
path=$("$0" state own | sed -n 's/.*"path": "\(.*\)".*/\1/p')
"$0" delete --force own
[ ! -e "$path" ]`
	r := s.run(in("sh", "-c", script, s.urun, dir)...)
	if r.code != 0 || !strings.Contains(r.stdout, `"manager": "cgroupfs"`) || !strings.Contains(r.stdout, `"got": "67108864"`) ||
		!strings.HasSuffix(r.stdout, "0::/") {
		t.Errorf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
}

// TestNoSystemd: without its socket the user's systemd cannot be asked. What was asked for by name is refused; else the caller's
// own cgroup serves, for these tests run in one that was delegated.
func TestNoSystemd(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("eat 200", limits)
	elsewhere := []string{"env", "XDG_RUNTIME_DIR=" + t.TempDir(), "DBUS_SESSION_BUS_ADDRESS="}
	r := s.run(append(elsewhere, s.urun, "--systemd-cgroup", "run", "--bundle", dir, "nobus")...)
	if r.code != 1 || !strings.Contains(r.stderr, "no systemd runs for this user") {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	r = s.run(append(elsewhere, s.urun, "run", "--bundle", dir, "nobus")...)
	if r.code != 137 {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}
