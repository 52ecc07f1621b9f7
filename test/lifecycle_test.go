package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// state is the answer of `urun state`.
func (c *caller) state(id string) specs.State {
	c.t.Helper()
	r := c.must("state", id)
	var s specs.State
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		c.t.Fatalf("%v\n%s", err, r)
	}
	return s
}

// detached runs a container in the background and deletes it when the test ends.
func (c *caller) detached(changes ...change) string {
	c.t.Helper()
	dir := c.bundle(changes...)
	c.must("run", "-d", "-b", dir, c.id)
	c.t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	return c.id
}

// created creates a container and deletes it when the test ends.
func (c *caller) created(changes ...change) string {
	c.t.Helper()
	dir := c.bundle(changes...)
	c.must("create", "-b", dir, c.id)
	c.t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	return c.id
}

// becomes waits for a status.
func (c *caller) becomes(id string, status specs.ContainerState) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("%s becomes %s", id, status), func() bool { return c.state(id).Status == status })
}

func TestRunPrintsWhatTheContainerPrints(t *testing.T) {
	newCaller(t).run(inside("print hello")).exits(0).prints("hello").silent()
}

func TestRunHandsOverStderr(t *testing.T) {
	newCaller(t).run(inside("stderr oh -- print hello")).exits(0).prints("hello").complains("oh")
}

func TestRunHandsOverStdin(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("echo"))
	c.urunIn("", strings.NewReader("typed text\n"), "run", "-b", dir, c.id).exits(0).prints("typed text")
}

func TestRunReturnsTheExitCode(t *testing.T) {
	for _, code := range []int{0, 1, 7, 127, 255} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			newCaller(t).run(inside(fmt.Sprint("exit ", code))).exits(code).silent()
		})
	}
}

func TestRunReturns128PlusTheSignal(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	c.must("kill", c.id, "KILL")
	l.wait().exits(128 + 9)
}

func TestRunDeletesTheContainerAtItsEnd(t *testing.T) {
	c := newCaller(t)
	c.run(inside("exit 3")).exits(3)
	c.urun("state", c.id).refuses(1, "container does not exist")
	c.nothingLeft()
}

func TestRunKeepKeepsTheContainer(t *testing.T) {
	c := newCaller(t)
	c.urun("run", "--keep", "-b", c.bundle(inside("exit 3")), c.id).exits(3)
	if s := c.state(c.id); s.Status != specs.StateStopped || s.Pid != 0 {
		t.Errorf("want a stopped container with pid 0, have %+v", s)
	}
	c.must("delete", c.id)
}

func TestRunUsesTheWorkingDirectoryAsBundle(t *testing.T) {
	c := newCaller(t)
	c.urunIn(c.bundle(inside("print here")), nil, "run", c.id).exits(0).prints("here")
}

func TestRunFindsABundleNamedLikeTheContainer(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("print found"))
	if err := os.Symlink(dir, filepath.Join(c.dir, c.id)); err != nil {
		t.Fatal(err)
	}
	c.urunIn(c.dir, nil, "run", c.id).exits(0).prints("found").complains(c.id)
}

func TestCreateStartKillDelete(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("write /started yes -- forever"))
	started := filepath.Join(dir, "rootfs", "started")
	c.must("create", "-b", dir, c.id).prints().silent()
	s := c.state(c.id)
	if s.Status != specs.StateCreated || s.Pid <= 0 || s.Bundle != dir || s.ID != c.id {
		t.Errorf("want a created container of %s, have %+v", dir, s)
	}
	if _, err := os.Lstat(started); err == nil {
		t.Error("the process ran before start")
	}
	c.must("start", c.id).silent()
	eventually(t, "the process writes", func() bool { _, err := os.Lstat(started); return err == nil })
	if now := c.state(c.id); now.Status != specs.StateRunning || now.Pid != s.Pid {
		t.Errorf("want it running as process %d, have %+v", s.Pid, now)
	}
	c.must("kill", c.id)
	c.becomes(c.id, specs.StateStopped)
	c.must("delete", c.id).silent()
	c.nothingLeft()
}

func TestStateHasTheFieldsThatClientsRead(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"), func(s *specs.Spec) { s.Annotations = map[string]string{"a": "b"} })
	r := c.must("state", id).silent()
	if strings.HasSuffix(r.stdout, "\n") || !strings.HasPrefix(r.stdout, "{\n  \"ociVersion\"") {
		t.Errorf("want two blanks of indentation and no newline at the end\n%s", r)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	for _, key := range []string{"ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %q\n%s", key, r)
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(got["created"])); err != nil {
		t.Error(err)
	}
}

func TestStartOfARunningContainerIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	c.urun("start", id).refuses(1, "cannot start an already running container")
}

func TestStartOfAStoppedContainerIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("exit 0"))
	c.becomes(id, specs.StateStopped)
	c.urun("start", id).refuses(1, "stopped")
}

func TestDeleteOfARunningContainerIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	c.urun("delete", id).refuses(1, "cannot delete container "+id+" that is not stopped: running")
	if s := c.state(id); s.Status != specs.StateRunning {
		t.Errorf("the refused delete left it %s", s.Status)
	}
}

func TestDeleteForceKills(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("ignore TERM INT -- spawn 3 -- sleep 3600"))
	c.must("delete", "--force", id).silent()
	c.nothingLeft()
}

func TestDeleteOfACreatedContainerLeavesNothing(t *testing.T) {
	c := newCaller(t)
	c.must("create", "-b", c.bundle(), c.id)
	c.must("delete", c.id)
	c.nothingLeft()
}

func TestDeleteForceOfTheUnknownIsFine(t *testing.T) {
	newCaller(t).must("delete", "-f", "nobody")
}

func TestUnknownContainersAreToldSo(t *testing.T) {
	c := newCaller(t)
	for _, words := range []string{"state X", "start X", "kill X", "delete X", "ps X", "pause X", "resume X"} {
		t.Run(words, func(t *testing.T) {
			r := c.urun(strings.Fields(words)...)
			r.t = t
			r.refuses(1, "container does not exist")
		})
	}
	c.urun("exec", "X", "/inside").refuses(255, "container does not exist")
}

func TestKillOfAStoppedContainerIsToldSo(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("exit 0"))
	c.becomes(id, specs.StateStopped)
	c.urun("kill", id, "KILL").refuses(1, "container not running")
}

func TestKillKnowsSignalsByNameAndNumber(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"))
	l := c.launch(nil, "run", "-b", dir, c.id)
	l.expect("ready")
	for signal, name := range map[string]string{"HUP": "HUP", "SIGUSR1": "USR1", "12": "USR2", "winch": "WINCH"} {
		c.must("kill", c.id, signal)
		l.expect("got " + name)
	}
	c.must("kill", c.id)
	l.expect("got TERM")
	l.wait().exits(0)
}

// As with runc; the process that waits could not be ended by the signals themselves.
func TestSignalsThatEndACreatedContainer(t *testing.T) {
	for _, signal := range []string{"TERM", "INT", "HUP", "QUIT", "KILL", "--all"} {
		c := newCaller(t)
		c.created(inside("forever"))
		c.must("kill", c.id, "USR1")
		if st := c.state(c.id).Status; st != specs.StateCreated {
			t.Errorf("after USR1 it is %s", st)
		}
		c.must("kill", c.id, signal)
		c.becomes(c.id, specs.StateStopped)
		c.urun("start", c.id).refuses(1, "cannot start a container that has stopped")
		c.must("delete", c.id)
		c.nothingLeft()
	}
}

func TestPidFileIsTheNumberAlone(t *testing.T) {
	c := newCaller(t)
	file := filepath.Join(c.dir, "pid")
	c.must("run", "-d", "--pid-file", file, "-b", c.bundle(inside("forever")), c.id)
	if got, want := readFile(t, file), fmt.Sprint(c.state(c.id).Pid); got != want {
		t.Errorf("pid file: %q, want %q", got, want)
	}
	c.must("delete", "-f", c.id)
}

func TestDetachedContainersLeaveNothingOfUrunBehind(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	pid := c.state(id).Pid
	for _, p := range c.processes() {
		if p != pid {
			t.Errorf("process %d beside the container's %d: %v", p, pid, c.leftovers())
		}
	}
}

func TestStdoutOfADetachedContainerIsTheCallers(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-d", "-b", c.bundle(inside("print from afar -- forever")), c.id)
	l.expect("from afar")
	c.must("delete", "-f", c.id)
	l.wait().exits(0)
}

func TestListShowsTheContainers(t *testing.T) {
	c := newCaller(t)
	c.must("list", "-f", "json").prints("null").silent()
	dir := c.bundle(inside("forever"))
	c.must("create", "-b", dir, c.id)
	defer c.urun("delete", "-f", c.id)
	lines := strings.Split(c.must("list").silent().stdout, "\n")
	if got := strings.Fields(lines[0]); strings.Join(got, " ") != "ID PID STATUS BUNDLE CREATED OWNER" {
		t.Errorf("header: %q", lines[0])
	}
	if got := strings.Fields(lines[1]); got[0] != c.id || got[2] != "created" || got[3] != dir {
		t.Errorf("line: %q", lines[1])
	}
	c.must("list", "-q").prints(c.id)
	var all []map[string]any
	r := c.must("list", "-f", "json")
	if err := json.Unmarshal([]byte(r.stdout), &all); err != nil || len(all) != 1 || all[0]["id"] != c.id || all[0]["owner"] == "" {
		t.Errorf("%v\n%s", err, r)
	}
}

func TestTheContainersProcessDiesWithANameInState(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	if err := syscall.Kill(c.state(id).Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.becomes(id, specs.StateStopped)
	c.must("delete", id)
}

func TestAnyCallerGetsAUserNamespace(t *testing.T) {
	c := newCaller(t)
	mine, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		t.Fatal(err)
	}
	r := c.run(inside("id -- ns user")).exits(0).mentions("uid=0 gid=0")
	if strings.Contains(r.stdout, mine) {
		t.Errorf("the container shares the caller's user namespace\n%s", r)
	}
}

func TestAnyCallerGoesThroughTheWholeLife(t *testing.T) {
	c := newCaller(t)
	id := c.created(inside("forever"))
	c.must("start", id)
	c.urun("exec", id, "/inside", "exit", "4").exits(4)
	c.must("kill", id, "KILL")
	c.becomes(id, specs.StateStopped)
	c.must("delete", id)
	c.nothingLeft()
}
