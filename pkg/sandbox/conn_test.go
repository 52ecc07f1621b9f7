package sandbox

import (
	"encoding/binary"
	"errors"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// message is what a child sends.
func message(kind, op uint32, value uint64) []byte {
	b := make([]byte, sys.MessageSize)
	binary.NativeEndian.PutUint32(b, kind)
	binary.NativeEndian.PutUint32(b[4:], op)
	binary.NativeEndian.PutUint64(b[8:], value)
	return b
}

// pair is a conn and what the child has of it.
func pair(t *testing.T) (*conn, int) {
	t.Helper()
	ours, theirs, err := socketpair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll([]int{ours, theirs}) })
	for _, fd := range []int{ours, theirs} {
		if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
			t.Error("a socket is not close-on-exec")
		}
	}
	return &conn{fd: ours}, theirs
}

func TestRead(t *testing.T) {
	c, theirs := pair(t)
	raw := append(message(program.Noted, 0, 5), message(program.CallOut, 0, 1<<40)...)
	go func() {
		for _, b := range raw { // however the kernel cuts it
			_, _ = unix.Write(theirs, []byte{b})
		}
	}()
	for _, want := range []sys.Message{{Kind: program.Noted, Value: 5}, {Kind: program.CallOut, Value: 1 << 40}} {
		if m, err := c.read(); err != nil || m != want {
			t.Errorf("got %+v %v, want %+v", m, err, want)
		}
	}
	_ = unix.Shutdown(theirs, unix.SHUT_WR)
	if _, err := c.read(); !errors.Is(err, errClosed) {
		t.Errorf("at the end: %v", err)
	}
}

func TestReadWithoutSocket(t *testing.T) {
	_, err := (&conn{fd: -1}).read()
	if !errors.Is(err, unix.EBADF) {
		t.Errorf("got %v", err)
	}
	wantText(t, err, "read from the child: bad file descriptor")
	wantText(t, (&conn{fd: -1}).Consent(), "answer the child: bad file descriptor")
}

func TestConsent(t *testing.T) {
	c, theirs := pair(t)
	if err := c.Consent(); err != nil {
		t.Fatal(err)
	}
	var b [8]byte
	if n, err := unix.Read(theirs, b[:]); n != 1 || err != nil {
		t.Errorf("%d bytes %v, a child reads one", n, err)
	}
	_ = unix.Shutdown(theirs, unix.SHUT_RD)
	if err := c.Consent(); err != nil {
		t.Errorf("to a child that is gone: %v", err)
	}
}

func TestGarbage(t *testing.T) {
	answer := Options{CallOut: func(int, *Child) error { return nil }, Noted: func(int) {}}
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"kind 0", message(0, 0, 0), "unexpected message 0 from the child"},
		{"kind of nobody", message(77, 0, 0), "unexpected message 77 from the child"},
		{"failure of no step", message(sys.Failed, 1<<31, uint64(unix.EIO)), "unknown call: input/output error"},
		{"failure behind the end", message(sys.Failed, 0, uint64(unix.EIO)), "unknown call: input/output error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, "Start", func() {
				_, err := Start(newborn(tells{c.raw}, step.Await{}), answer)
				wantText(t, err, c.want)
			})
		})
	}
}

// TestAdoptKeepsWhatComesEarly: the second process may speak before the first has told of it.
func TestAdoptKeepsWhatComesEarly(t *testing.T) {
	c, theirs := pair(t)
	cmd := exec.Command("/bin/sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := exec.Command("/bin/true")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Write(theirs, message(program.Ready, 0, 0))
	_, _ = unix.Write(theirs, message(program.Born, 0, uint64(cmd.Process.Pid)))
	child := &Child{Pid: first.Process.Pid, PidFD: -1, conn: *c}
	if err := child.adopt(); err != nil || child.Pid != cmd.Process.Pid {
		t.Errorf("pid %d, %v; want %d", child.Pid, err, cmd.Process.Pid)
	}
	if ready, err := child.listen(); !ready || err != nil {
		t.Errorf("ready %v, %v", ready, err)
	}
	child.Kill()
	unix.Close(child.PidFD)
}

func TestFailureWithoutProgram(t *testing.T) {
	c, theirs := pair(t)
	_, _ = unix.Write(theirs, message(sys.Failed, 3, uint64(unix.EPERM)))
	_, err := c.read()
	wantStep(t, err, 0, "operation not permitted", unix.EPERM)
}
