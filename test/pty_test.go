package test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal is what a person sits at: the test holds the master, urun the slave.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	screen *buffer // all that was written to it
}

func newTerminal(t *testing.T, rows, cols uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	tm := &terminal{t: t, master: master, screen: &buffer{}}
	tm.control(func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0) })
	tm.control(func(fd int) error {
		peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
		if errno != 0 {
			return errno
		}
		tm.slave = os.NewFile(peer, "the caller's terminal")
		return nil
	})
	tm.resize(rows, cols)
	go func() { _, _ = io.Copy(tm.screen, master) }()
	t.Cleanup(func() { _, _ = master.Close(), tm.slave.Close() })
	return tm
}

// control does something with the master's descriptor without taking it from Go's poller.
func (tm *terminal) control(do func(fd int) error) {
	tm.t.Helper()
	raw, err := tm.master.SyscallConn()
	if err == nil {
		cerr := raw.Control(func(fd uintptr) { err = do(int(fd)) })
		if err == nil {
			err = cerr
		}
	}
	if err != nil {
		tm.t.Fatal(err)
	}
}

func (tm *terminal) resize(rows, cols uint16) {
	tm.t.Helper()
	tm.control(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	})
}

func (tm *terminal) settings() string {
	tm.t.Helper()
	t, err := unix.IoctlGetTermios(int(tm.slave.Fd()), unix.TCGETS)
	if err != nil {
		tm.t.Fatal(err)
	}
	return fmt.Sprintf("%+v", *t)
}

func (tm *terminal) types(text string) {
	tm.t.Helper()
	if _, err := tm.master.WriteString(text); err != nil {
		tm.t.Fatal(err)
	}
}

// launch starts urun at the terminal, as the leader of a session that has it as its controlling terminal.
func (tm *terminal) launch(c *caller, args ...string) *live {
	c.t.Helper()
	l := c.launch(func(cmd *exec.Cmd) {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tm.slave, tm.slave, tm.slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	}, args...)
	l.out, l.tty = tm.screen, true
	return l
}

// shows waits until a screen has the text.
func shows(t *testing.T, screen *buffer, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(screen.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %q on the screen:\n%q", text, screen.String())
		}
	}
}
