package sandbox

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWakeNobody(t *testing.T) {
	c, path, p := waiting(t, shell("exit 0"))
	_ = unix.Kill(c.Pid, unix.SIGKILL)
	awaitZombie(t, c.Pid)
	var calls []int
	if err := Wake(path, options(p, &calls)); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("of a dead one: %v", err)
	}
	if err := Wake(path+".no", options(p, &calls)); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("without a socket: %v", err)
	}
	if err := Wake(path+"/"+filepath.Base(path), options(p, &calls)); errors.Is(err, ErrNotWaiting) {
		t.Errorf("of a path that cannot be: %v", err)
	} else {
		wantText(t, err, "connect to the waiting container: not a directory")
	}
}

func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "start.sock")
	fd, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("it is not close-on-exec")
	}
	leavesNothing(t, func() {
		_, err := Listen(path)
		if !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("twice: %v", err)
		}
		wantText(t, err, "make the start socket: ")
	})
}
