package step_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

func TestIDMapAndBecome(t *testing.T) {
	for _, id := range []uint32{0, 1000} {
		c, err := start(t, newWorld, nil, append(as(id, id+5), step.Ready{})...)
		if err != nil {
			t.Fatal(err)
		}
		status := c.proc(t, "status")
		if got, want := field(t, status, "Uid"), fmt.Sprintf("%[1]d %[1]d %[1]d %[1]d", os.Getuid()); got != want {
			t.Errorf("seen from outside its users are %s, want %s", got, want)
		}
		if got, want := c.proc(t, "uid_map"), fmt.Sprintf("%10d %10d %10d\n", id, os.Getuid(), 1); got != want {
			t.Errorf("uid_map is %q, want %q", got, want)
		}
		if got, want := c.proc(t, "gid_map"), fmt.Sprintf("%10d %10d %10d\n", id+5, os.Getgid(), 1); got != want {
			t.Errorf("gid_map is %q, want %q", got, want)
		}
		if field(t, status, "Name") != "urun:init" || field(t, status, "Umask") != "0022" || c.proc(t, "setgroups") != "deny\n" {
			t.Errorf("name %s, umask %s, setgroups %s", field(t, status, "Name"), field(t, status, "Umask"), c.proc(t, "setgroups"))
		}
	}
}

// TestBecomeHidden: among others in their namespaces the process stays out of their reach, else it is in its maker's.
func TestBecomeHidden(t *testing.T) {
	for hidden, steps := range map[bool][]step.Step{
		false: asRoot(),
		true:  append(asRoot(), step.Undumpable{}, step.Become{Hidden: true}),
	} {
		c, err := start(t, newWorld, nil, append(steps, step.Ready{})...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", c.pid))
		if refused := err != nil; refused != (hidden && os.Getuid() != 0) {
			t.Errorf("hidden %v: reading its namespace: %v", hidden, err)
		}
	}
}

func TestKeep(t *testing.T) {
	var fds [6]int
	for i := range fds {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD, 200) // not close-on-exec
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds[i] = fd
	}
	gaps := map[string]int{"gap0": fds[0], "gap0end": fds[1], "gap1": fds[3], "gap1end": fds[3]}
	c, err := start(t, newWorld, gaps, append(asRoot(), step.Keep{}, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, false, true, false, true, true} {
		_, err := os.Lstat(fmt.Sprintf("/proc/%d/fd/%d", c.pid, fds[i]))
		if open := err == nil; open != want {
			t.Errorf("descriptor %d is open: %v, want %v", i, open, want)
		}
	}
}

// namespace opens a namespace of a process, for Join.
func namespace(t *testing.T, c *child, name string) (fd int, id string) {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/ns/%s", c.pid, name)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	id, err = os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return fd, id
}

func TestJoinAndFork(t *testing.T) {
	host, err := start(t, newWorld|unix.CLONE_NEWPID|unix.CLONE_NEWUTS, nil, append(asRoot(), step.Hostname{Name: "there"}, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(host.pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	own := uint64(newWorld | unix.CLONE_NEWPID | unix.CLONE_NEWUTS)
	c, err := start(t, 0, map[string]int{"target": pidfd}, step.Undumpable{},
		step.Join{Input: "target", Flags: own, From: "it"}, step.Fork{}, step.Become{}, step.Ready{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ns := range []string{"user", "mnt", "pid", "uts"} {
		_, want := namespace(t, host, ns)
		if _, got := namespace(t, c, ns); got != want {
			t.Errorf("%s is %s, want %s", ns, got, want)
		}
	}
	if got := field(t, c.proc(t, "status"), "NSpid"); got != fmt.Sprintf("%d 2", c.pid) {
		t.Errorf("its pids are %s, want the second in there", got)
	}
	if got := field(t, c.proc(t, "status"), "PPid"); got != fmt.Sprint(os.Getpid()) {
		t.Errorf("its parent is %s, want the test", got)
	}
}

// TestForkIntoNew: namespaces that begin with a second fork, also the one that clone(2) has no flag for.
func TestForkIntoNew(t *testing.T) {
	c, err := start(t, newWorld, nil, append(asRoot(), step.Fork{Flags: unix.CLONE_NEWPID | unix.CLONE_NEWTIME | unix.CLONE_NEWIPC}, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	if got := field(t, c.proc(t, "status"), "NSpid"); got != fmt.Sprintf("%d 1", c.pid) {
		t.Errorf("its pids are %s, want the first in there", got)
	}
	for _, ns := range []string{"pid", "ipc", "time"} {
		ours, err := os.Readlink("/proc/self/ns/" + ns)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := namespace(t, c, ns); got == ours {
			t.Errorf("%s is the test's own", ns)
		}
	}
}

func TestCallOut(t *testing.T) {
	c := world(t, step.CallOut{Number: 3, Name: "this"}, step.CallOut{Number: 1, Name: "that"})
	if fmt.Sprint(c.calls) != "[3 1]" {
		t.Errorf("called out %v", c.calls)
	}
}

// TestParentGone: a child that waits for somebody who has gone ends, with the error that says so.
func TestParentGone(t *testing.T) {
	for name, s := range map[string]step.Step{"ready": step.Ready{}, "after a call-out": step.CallOut{}} {
		t.Run(name, func(t *testing.T) {
			c, err := start(t, newWorld, nil, append(asRoot(), step.Ready{}, s)...)
			if err != nil {
				t.Fatal(err)
			}
			unix.Shutdown(c.sock, unix.SHUT_RDWR)
			if status := c.wait(); status.ExitStatus() != 127 {
				t.Errorf("wait status %#x, want exit status 127", status)
			}
		})
	}
}

// TestAwaitRefused: what comes instead of a consent is not taken for one.
func TestAwaitRefused(t *testing.T) {
	var words program.Step = step.Await{For: "nobody"}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	unix.Close(pair[0])
	_, err = start(t, newWorld, map[string]int{"other": pair[1]}, awaitOn{"other", words})
	wantErrno(t, err, "wait for nobody", unix.ECANCELED)
}

// awaitOn waits on an input other than the conversation.
type awaitOn struct {
	input string
	program.Step
}

func (s awaitOn) Emit(p *program.Program) { p.AwaitOn(p.Input(s.input)) }
