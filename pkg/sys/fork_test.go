package sys_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

func TestPidfd(t *testing.T) {
	r, _ := pipe(t)
	c := seq(sys.Op{Nr: unix.SYS_READ, Args: [6]uintptr{r.Fd(), 0, 1}})
	c.Ops[0].Args[1] = c.CellAddr(2)
	child := fork(t, 0, c)
	if flags, err := unix.FcntlInt(uintptr(child.PidFD), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the pidfd has flags %#x (%v), want close-on-exec", flags, err)
	}
	send(t, child, unix.SIGKILL)
	if status := wait(t, child); status.Signal() != unix.SIGKILL {
		t.Errorf("wait status %#x, want an end by SIGKILL: the pidfd is not the child's", status)
	}
}

// TestNamespaces: an ordinary user gets a user namespace, and with it all others.
func TestNamespaces(t *testing.T) {
	for name, flags := range map[string]uint64{
		"user": unix.CLONE_NEWUSER,
		"all": unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC |
			unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME,
	} {
		t.Run(name, func(t *testing.T) {
			// sethostname(2) needs CAP_SYS_ADMIN over the UTS namespace: with the user namespace alone it is not ours.
			c := seq(sys.Op{Nr: unix.SYS_SETHOSTNAME, Args: [6]uintptr{0, 5}})
			c.Ops[0].Args[0] = c.Addr(0)
			want := 127
			if flags&unix.CLONE_NEWUTS != 0 {
				want = 0
			}
			if status, m := outcome(t, flags, c); status != want {
				t.Errorf("exit status %d, want %d; message %+v", status, want, m)
			}
		})
	}
}

func TestForkRefused(t *testing.T) {
	if child, err := sys.Fork(unix.CLONE_THREAD, seq()); err != unix.EINVAL {
		t.Errorf("a nonsense flag gives %v, child %+v; want EINVAL", err, child)
	}
}

// TestManyForks: whatever other threads hold while the child is made, it neither hangs nor leaves a descriptor.
func TestManyForks(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var keep [][]byte
		for {
			select {
			case <-stop:
				return
			default:
				if keep = append(keep, make([]byte, 4096)); len(keep) > 256 {
					keep = nil
					runtime.GC()
				}
			}
		}
	}()
	defer func() { close(stop); <-done }()
	_, w := pipe(t)
	before := descriptors(t)
	for range 1000 {
		c := seq(sys.Op{Nr: unix.SYS_DUP, Args: [6]uintptr{w.Fd()}, Dst: 2}, sys.Op{Nr: unix.SYS_CLOSE, Args: [6]uintptr{2}, Cells: 0b1})
		c.Cells[sys.ReportCell] = uint64(w.Fd())
		child, err := sys.Fork(0, c)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(child.PidFD)
		if status := wait(t, child); status != 0 {
			t.Fatalf("wait status %#x", status)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestForkBesideExec: the forks of package syscall and ours do not get into each other's way.
func TestForkBesideExec(t *testing.T) {
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 50 && err == nil; i++ {
			err = exec.Command("/bin/true").Run()
		}
		done <- err
	}()
	for range 200 {
		if status, m := outcome(t, 0, seq(sys.Op{Nr: sys.Copy})); status != 0 {
			t.Fatalf("exit status %d, message %+v", status, m)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// descriptors counts those of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestForkTellsErrno: the kernel's word reaches the caller as it is.
func TestForkTellsErrno(t *testing.T) {
	_, err := sys.Fork(unix.CLONE_NEWUSER|unix.CLONE_FS, seq())
	if errno, ok := err.(syscall.Errno); !ok || errno != unix.EINVAL {
		t.Errorf("fork: %v, want EINVAL", os.NewSyscallError("clone3", err))
	}
}
