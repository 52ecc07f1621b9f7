package sys_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// until waits for the child to be in a state of proc(5): S sleeping, T stopped.
func until(t *testing.T, pid int, state string) {
	t.Helper()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		text := string(stat)
		now := text[strings.LastIndexByte(text, ')')+2:][:1]
		if now == state {
			return
		}
		if now == "Z" {
			t.Fatalf("the child has ended instead of being %s", state)
		}
		runtime.Gosched()
	}
}

func send(t *testing.T, child sys.Child, sig unix.Signal) {
	t.Helper()
	if err := unix.PidfdSendSignal(child.PidFD, sig, nil, 0); err != nil {
		t.Fatalf("signal %v: %v", sig, err)
	}
}

// TestInterruptedCallIsRepeated: a stop and a continuation interrupt epoll_wait(2) even where no handler runs (signal(7)).
func TestInterruptedCallIsRepeated(t *testing.T) {
	r, w := pipe(t)
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ep)
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, int(r.Fd()), &unix.EpollEvent{Events: unix.EPOLLIN}); err != nil {
		t.Fatal(err)
	}
	c := seq(sys.Op{Nr: unix.SYS_EPOLL_PWAIT, Args: [6]uintptr{uintptr(ep), 0, 1, ^uintptr(0)}})
	c.Ops[0].Args[1] = c.CellAddr(2) // an epoll_event fits into two cells
	_, report := pipe(t)
	c.Cells[sys.ReportCell] = uint64(report.Fd())
	child := fork(t, 0, c)
	until(t, child.Pid, "S")
	send(t, child, unix.SIGSTOP)
	until(t, child.Pid, "T")
	send(t, child, unix.SIGCONT)
	until(t, child.Pid, "S")
	if _, err := w.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if status := wait(t, child); status != 0 {
		t.Errorf("wait status %#x, want 0", status)
	}
}

// TestSignalsWait: a signal that comes early is held back until the program lets it in, and then does what it does to
// a process without handlers: none of Go's runs in the child.
func TestSignalsWait(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGQUIT, unix.SIGSEGV} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			r, w := pipe(t)
			errs, stderr := pipe(t)
			c := seq(
				sys.Op{Nr: unix.SYS_PRLIMIT64, Args: [6]uintptr{0, unix.RLIMIT_CORE}}, // no core file, should it come to one
				sys.Op{Nr: unix.SYS_DUP3, Args: [6]uintptr{stderr.Fd(), 2}},
				sys.Op{Nr: unix.SYS_READ, Args: [6]uintptr{r.Fd(), 0, 1}},
				sys.Op{Nr: unix.SYS_RT_SIGPROCMASK, Args: [6]uintptr{2, 0, 0, 8}}, // SIG_SETMASK to the empty set
			)
			c.Ops[0].Args[2], c.Ops[2].Args[1], c.Ops[3].Args[1] = c.CellAddr(2), c.CellAddr(1), c.CellAddr(2)
			child := fork(t, 0, c)
			send(t, child, sig)
			until(t, child.Pid, "S")
			if _, err := w.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
			status := wait(t, child)
			stderr.Close()
			buf := make([]byte, 200)
			n, _ := errs.Read(buf)
			if !status.Signaled() || status.Signal() != sig || n > 0 {
				t.Errorf("wait status %#x, want an end by %v; stderr: %q", status, sig, buf[:n])
			}
		})
	}
}
