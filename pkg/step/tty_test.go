package step_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// receive takes a descriptor that was sent over socket.
func receive(t *testing.T, socket int) (f *os.File, name string) {
	t.Helper()
	data, control := make([]byte, 64), make([]byte, unix.CmsgSpace(4))
	n, k, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	msgs, err := unix.ParseSocketControlMessage(control[:k])
	if err != nil || len(msgs) != 1 {
		t.Fatalf("%d control messages (%v)", len(msgs), err)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 1 {
		t.Fatalf("%d descriptors (%v)", len(fds), err)
	}
	f = os.NewFile(uintptr(fds[0]), "master")
	t.Cleanup(func() { f.Close() })
	return f, string(data[:n])
}

// pair makes two connected sockets.
func pair(t *testing.T) (ours, theirs int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return fds[0], fds[1]
}

// devpts are the steps that make a /dev with terminals of its own.
func devpts() []step.Step {
	return []step.Step{
		step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/dev", Data: "mode=755"},
		step.Mount{Type: "devpts", Source: "devpts", Dest: "/dev/pts", Data: "newinstance,ptmxmode=0666,mode=0620"},
	}
}

// TestConsole: the process gets a terminal of the container's own devpts, with the asked size and owner, as its controlling
// one; the master that is sent is usable.
func TestConsole(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := pair(t)
	steps := append(devpts(), step.Device{Source: "/dev/tty", Dest: "/dev/tty"}, step.Bind{Source: exe, Dest: "/say"}, step.Session{},
		step.Console{Rows: 33, Cols: 77, InRoot: true, Device: true})
	s := saying(t, "terminal")
	s.Files = []string{"/say"}
	c, err := start(t, newWorld, map[string]int{"console": theirs}, append(append(asRoot(), inside(tree(t, nil), steps...)...), step.Ready{}, s)...)
	if err != nil {
		t.Fatal(err)
	}
	master, name := receive(t, ours)
	if name != "/dev/pts/ptmx" {
		t.Errorf("the master is called %q", name)
	}
	var st unix.Stat_t
	if err := unix.Stat(c.path("/dev/console"), &st); err != nil || unix.Major(st.Rdev) != 136 {
		t.Errorf("/dev/console is device %d (%v), want a slave", unix.Major(st.Rdev), err)
	}
	unix.Write(c.sock, []byte{1})
	if got := readAll(master); got != "owner 0:0 size 33x77 <nil> controlling true" {
		t.Errorf("inside: %s", got)
	}
	if status := c.wait(); status != 0 {
		t.Errorf("wait status %#x", status)
	}
}

// readAll reads until the other end of a terminal is closed, which is an error (EIO) on Linux.
func readAll(f *os.File) string {
	var b strings.Builder
	buf := make([]byte, 1024)
	for {
		n, err := f.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// TestConsoleOfAForeignMultiplexer: a /dev/pts/ptmx that is no devpts hands out nothing (CVE-2025-52565).
func TestConsoleOfAForeignMultiplexer(t *testing.T) {
	_, theirs := pair(t)
	rootfs := tree(t, map[string]string{"dev/pts/ptmx": ""})
	s := step.Console{InRoot: true}
	_, err := start(t, newWorld, map[string]int{"console": theirs}, append(asRoot(), inside(rootfs, step.Session{}, s)...)...)
	wantErrno(t, err, s.String(), unix.ENODEV)
}

// TestConsoleOfARunningContainer: in the current root, as exec does it.
func TestConsoleOfARunningContainer(t *testing.T) {
	ours, theirs := pair(t)
	steps := append(inside(tree(t, nil), devpts()...), step.Session{}, step.Console{})
	c, err := start(t, newWorld, map[string]int{"console": theirs}, append(append(asRoot(), steps...), step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	receive(t, ours)
	for fd := range 3 {
		if link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.pid, fd)); link != "/dev/pts/0" {
			t.Errorf("descriptor %d is %q (%v)", fd, link, err)
		}
	}
}

func TestSession(t *testing.T) {
	var sid int
	c := world(t, step.Session{})
	sid, err := unix.Getsid(c.pid)
	if err != nil || sid != c.pid {
		t.Errorf("its session is %d (%v), want its own, %d", sid, err, c.pid)
	}
}
