package test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func withTerminal(s *specs.Spec) { s.Process.Terminal = true }

func TestForegroundTerminal(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 33, 101)
	dir := c.bundle(withTerminal, inside("isatty 0 -- isatty 1 -- isatty 2 -- ctty -- winsize -- fdname 0 -- mode /dev/console -- type /dev/console -- exit 5"))
	before := tm.settings()
	l := tm.launch(c, "run", "-b", dir, c.id)
	r := l.wait().exits(5)
	shows(t, tm.screen, "char")
	r.stdout = strings.ReplaceAll(tm.screen.String(), "\r", "")
	r.prints("true", "true", "true", "controlling terminal", "rows=33 cols=101", "/dev/pts/0", "0620", "char")
	if after := tm.settings(); after != before {
		t.Errorf("the terminal was left as %s\nit was %s", after, before)
	}
}

func TestForegroundTerminalIsRawWhileTheContainerRuns(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	l := tm.launch(c, "run", "-b", c.bundle(withTerminal, inside("forever")), c.id)
	l.expect("ready")
	before := tm.settings()
	tm.types("\x03") // Ctrl-C is typed into the container's terminal
	l.expect("got INT")
	l.wait().exits(0)
	if tm.settings() == before {
		t.Error("the caller's terminal was not raw, or was left raw")
	}
}

func TestWindowSizeFollows(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	l := tm.launch(c, "run", "-b", c.bundle(withTerminal, inside("resized")), c.id)
	l.expect("ready")
	tm.resize(50, 132)
	l.expect("rows=50 cols=132")
	l.wait().exits(0)
}

func TestTerminalIsRestoredWhenTheContainerIsKilled(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	before := tm.settings()
	l := tm.launch(c, "run", "-b", c.bundle(withTerminal, inside("forever")), c.id)
	l.expect("ready")
	c.must("kill", c.id, "KILL")
	l.wait().exits(128 + 9)
	if after := tm.settings(); after != before {
		t.Errorf("left as %s\nwas %s", after, before)
	}
}

func TestTerminalIsRestoredWhenUrunIsTerminated(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	before := tm.settings()
	l := tm.launch(c, "run", "-b", c.bundle(withTerminal, inside("forever")), c.id)
	l.expect("ready")
	l.signal(unix.SIGTERM) // forwarded: the container ends in its own way
	l.expect("got TERM")
	l.wait().exits(0)
	if after := tm.settings(); after != before {
		t.Errorf("left as %s\nwas %s", after, before)
	}
}

func TestTerminalIsRestoredWhenTheStartFails(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	before := tm.settings()
	tm.launch(c, "run", "-b", c.bundle(withTerminal, args("/missing")), c.id).wait().exits(1)
	if after := tm.settings(); after != before {
		t.Errorf("left as %s\nwas %s", after, before)
	}
	c.nothingLeft()
}

func TestExecTerminal(t *testing.T) {
	c, tm := sleeper(t), newTerminal(t, 30, 90)
	before := tm.settings()
	l := tm.launch(c, "exec", "-t", c.id, "/inside", "isatty", "0", "--", "ctty", "--", "winsize", "--", "onlcr", "--", "exit", "6")
	r := l.wait().exits(6)
	shows(t, tm.screen, "false")
	r.stdout = strings.ReplaceAll(tm.screen.String(), "\r", "")
	r.prints("true", "controlling terminal", "rows=30 cols=90", "false")
	if after := tm.settings(); after != before {
		t.Errorf("left as %s\nwas %s", after, before)
	}
}

// receiveConsole runs urun with a console socket and gives the master that arrives there.
func receiveConsole(c *caller, command ...string) *os.File {
	c.t.Helper()
	path := filepath.Join(c.dir, "console.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got := make(chan *os.File, 1)
	go func() {
		defer close(got)
		conn, err := l.AcceptUnix()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		name, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*8))
		n, oobn, _, _, err := conn.ReadMsgUnix(name, oob)
		if err != nil {
			return
		}
		messages, err := unix.ParseSocketControlMessage(oob[:oobn])
		if err != nil || len(messages) != 1 {
			return
		}
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
			_ = unix.SetNonblock(fds[0], true)
			got <- os.NewFile(uintptr(fds[0]), string(name[:n]))
		}
	}()
	c.must(append(command[:1:1], append([]string{"--console-socket", path}, command[1:]...)...)...)
	_ = l.SetDeadline(time.Now().Add(patience)) // it may still have to be accepted
	console, ok := <-got
	if !ok {
		c.t.Fatal("no console, or more than one, came through the socket")
	}
	return console
}

// readAll collects what comes out of a console until its other side is closed.
func readAll(f *os.File) *buffer {
	b := &buffer{}
	go func() {
		p := make([]byte, 4096)
		for {
			n, err := f.Read(p)
			_, _ = b.Write(p[:n])
			if err != nil {
				return
			}
		}
	}()
	return b
}

func TestConsoleSocket(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withTerminal, inside("isatty 1 -- ctty -- onlcr -- fdname 1 -- lines"), func(s *specs.Spec) {
		s.Process.ConsoleSize = &specs.Box{Height: 12, Width: 34}
	})
	console := receiveConsole(c, "create", "-b", dir, c.id)
	defer func() { _ = console.Close() }()
	out := readAll(console)
	defer c.urun("delete", "-f", c.id)
	c.must("start", c.id)
	// Whoever receives a console sets it up as it likes: it comes as the kernel makes it, as runc's does.
	shows(t, out, "pts/0\r\n")
	if want := "true\r\ncontrolling terminal\r\ntrue\r\n/dev/pts/0\r\n"; out.String() != want {
		t.Errorf("console: %q, want %q", out.String(), want)
	}
	size, err := unix.IoctlGetWinsize(int(console.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Row != 12 || size.Col != 34 {
		t.Errorf("console size %+v (%v), want 12 rows of 34", size, err)
	}
}

func TestExecConsoleSocket(t *testing.T) {
	c := sleeper(t)
	console := receiveConsole(c, "exec", "-t", "-d", c.id, "/inside", "print", "through the socket")
	defer func() { _ = console.Close() }()
	out := readAll(console)
	shows(t, out, "through the socket\r\n")
}

func TestTerminalWithoutATerminalWorksAsInCI(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withTerminal, inside("print hello -- exit 3"))
	l := c.launch(func(cmd *exec.Cmd) {
		cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Setsid = false, true // no controlling terminal either
	}, "run", "-b", dir, c.id)
	l.wait().exits(3).mentions("hello")
}

// TestInputOfACIJobEnds: where the caller's input is no terminal and ends, the container's ends too, as if somebody had typed control-D.
func TestInputOfACIJobEnds(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withTerminal, inside("print ready -- lines"))
	l := c.launch(func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("word\n") }, "run", "-b", dir, c.id)
	l.wait().exits(0).mentions("WORD")
}

func TestDetachedTerminalNeedsAConsoleSocket(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(withTerminal)
	c.urun("run", "-d", "-b", dir, c.id).refuses(1, "console", "hint: set process.terminal to false")
	c.urun("create", "-b", dir, c.id).refuses(1, "console")
	c.urun("create", "--console-socket", "/nowhere.sock", "-b", dir, c.id).refuses(1, "/nowhere.sock")
	c.nothingLeft()
}

func TestAConsoleSocketWithoutATerminalIsRefused(t *testing.T) {
	c := newCaller(t)
	c.urun("create", "--console-socket", c.dir+"/sock", "-b", c.bundle(), c.id).refuses(1, "console")
	c.nothingLeft()
}

func TestInputOfTheTerminalReachesTheContainer(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	l := tm.launch(c, "run", "-b", c.bundle(withTerminal, inside("print ready -- lines")), c.id)
	l.expect("ready")
	tm.types("word\r")
	l.expect("WORD")
	tm.types("\x04") // end of input
	l.wait().exits(0)
}
