package test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestForegroundForwardsSignals(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	for _, s := range []syscall.Signal{unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGQUIT, unix.SIGCONT, unix.SIGALRM} {
		l.signal(s)
		l.expect("got " + unix.SignalName(s)[3:])
	}
	l.signal(unix.SIGTERM)
	l.expect("got TERM")
	l.wait().exits(0)
}

func TestExecForwardsSignals(t *testing.T) {
	c := sleeper(t)
	l := c.launch(nil, "exec", c.id, "/inside", "forever")
	l.expect("ready")
	l.signal(unix.SIGUSR1)
	l.expect("got USR1")
	l.signal(unix.SIGTERM)
	l.wait().exits(0)
}

// TestEverySignalIsForwarded: also those that a Go program takes for its own faults, and real-time ones.
func TestEverySignalIsForwarded(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	for _, s := range []syscall.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGABRT, unix.SIGTRAP, unix.SIGSYS, unix.SIGWINCH, unix.SIGTSTP, unix.SIGVTALRM} {
		l.signal(s)
		l.expect("got " + unix.SignalName(s)[3:])
	}
	l.signal(syscall.Signal(50))
	l.expect("got signal 50")
	l.signal(unix.SIGTERM)
	l.wait().exits(0)
}

// TestNohup: what urun was told to ignore does not reach the container either.
func TestNohup(t *testing.T) {
	c := newCaller(t)
	l := c.launchCommand(nil, "sh", "-c", `trap "" HUP; exec "$@"`, "sh", urunPath, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	l.signal(unix.SIGHUP)
	l.signal(unix.SIGTERM)
	l.wait().exits(0).prints("ready", "got TERM")
}

func TestCtrlCReachesTheContainerOnce(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	if err := syscall.Kill(-l.cmd.Process.Pid, syscall.SIGINT); err != nil { // what a terminal does to the group
		t.Fatal(err)
	}
	l.wait().exits(0).prints("ready", "got INT")
}

func TestCtrlCAtATerminalTheContainerHasNot(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	l := tm.launch(c, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	tm.types("\x03")
	l.expect("got INT")
	l.wait().exits(0)
}

func TestASignalBeforeTheProcessRunsLeavesNothing(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"), hookOf("createRuntime", sh("kill -TERM $PPID; sleep 0.2")))
	r := c.launch(nil, "run", "-b", dir, c.id).wait()
	r.exits(128 + 15).complains("interrupted by SIGTERM before the container began")
	c.nothingLeft()
}

// TestASignalDoesNotLoseTheCommandOfUnshare: at whatever moment it comes, urun has not left a command behind that nobody waits for.
func TestASignalDoesNotLoseTheCommandOfUnshare(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/file", "")
	for after := range 40 {
		l := c.launch(nil, "unshare", "tail", "-f", c.dir+"/file")
		time.Sleep(time.Duration(after) * 250 * time.Microsecond)
		l.signal(unix.SIGTERM)
		if r := l.wait(); r.code != -15 && r.code != 128+15 { // before urun catches signals it ends of this one itself
			t.Fatalf("after %d: %s", after, r)
		}
		if c.nothingLeft(); t.Failed() {
			t.Fatalf("after %d", after)
		}
	}
}

// TestUnshareThatIsKilled: what it has forked then ends by itself, unless it has become the command.
func TestUnshareThatIsKilled(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/file", "")
	for after := range 30 {
		l := c.launch(nil, "unshare", "tail", "-f", c.dir+"/file")
		time.Sleep(time.Duration(after) * 250 * time.Microsecond)
		l.signal(unix.SIGKILL)
		l.wait()
		for end := time.Now().Add(slow(5 * time.Second)); ; time.Sleep(5 * time.Millisecond) {
			waiting := 0
			for _, pid := range c.processes() {
				if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(name) == "tail\n" {
					_ = unix.Kill(pid, unix.SIGKILL)
				} else {
					waiting = pid
				}
			}
			if waiting == 0 {
				break
			}
			if time.Now().After(end) {
				_ = unix.Kill(waiting, unix.SIGKILL)
				t.Fatalf("after %d: process %d waits for ever", after, waiting)
			}
		}
	}
	c.nothingLeft()
}

func TestAReaderThatGoesAwayDoesNotHangUrun(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("lines"))
	l := c.launchCommand(nil, "sh", "-c", `yes | "$@" | head -n 1`, "sh", urunPath, "run", "-b", dir, c.id)
	l.wait().exits(0).prints("Y")
}

func TestStoppingUrunStopsNothingInside(t *testing.T) {
	c := newCaller(t)
	l := c.launch(func(*exec.Cmd) {}, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	l.signal(unix.SIGSTOP)
	c.urun("exec", c.id, "/inside", "print", "alive").exits(0).prints("alive")
	l.signal(unix.SIGCONT)
	c.must("kill", c.id, "TERM")
	l.wait().exits(0)
}

// TestAReaderOfTheTerminalGoesAway: the container's terminal is hung up, and urun cleans up behind it.
func TestAReaderOfTheTerminalGoesAway(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withTerminal, inside("print first -- chatter"))
	l := c.launchCommand(nil, "sh", "-c", `{ "$@"; echo "exit code $?" >&2; } | head -n 1`, "sh", urunPath, "run", "-b", dir, c.id)
	l.wait().prints("first").complains("exit code")
	c.nothingLeft()
}
