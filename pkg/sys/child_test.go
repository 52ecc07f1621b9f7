package sys_test

import (
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// exit is the instruction that every program here ends in.
var exit = sys.Op{Nr: unix.SYS_EXIT_GROUP}

// seq makes code of calls that run one after the other; cell 0 is for failures, cell 1 for results nobody reads, two
// more are free. Not inlined, or the compiler may place the cells on a stack that moves after CellAddr was asked.
//
//go:noinline
func seq(ops ...sys.Op) *sys.Code {
	for i := range ops {
		if ops[i].Then == 0 {
			ops[i].Then = uint16(i + 1)
		}
		if ops[i].Dst == 0 {
			ops[i].Dst = 1
		}
	}
	return &sys.Code{Ops: append(ops, exit), Cells: make([]uint64, 4), Data: []byte("hello\x00")}
}

// pipe returns a close-on-exec pipe that is gone when the test ends.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// fork starts a child and sees to it that it is gone when the test ends.
func fork(t *testing.T, flags uint64, c *sys.Code) sys.Child {
	t.Helper()
	child, err := sys.Fork(flags, c)
	if err != nil {
		t.Fatalf("fork: %v", err)
	}
	t.Cleanup(func() {
		unix.PidfdSendSignal(child.PidFD, unix.SIGKILL, nil, 0)
		unix.Close(child.PidFD)
		syscall.Wait4(child.Pid, nil, 0, nil)
	})
	return child
}

func wait(t *testing.T, child sys.Child) syscall.WaitStatus {
	t.Helper()
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(child.Pid, &status, 0, nil)
		if err == nil {
			return status
		}
		if err != syscall.EINTR {
			t.Fatalf("wait for the child: %v", err)
		}
	}
}

// outcome runs c to its end: its exit status and, when it failed, its message.
func outcome(t *testing.T, flags uint64, c *sys.Code) (status int, m sys.Message) {
	t.Helper()
	r, w := pipe(t)
	c.Cells[sys.ReportCell] = uint64(w.Fd())
	status = wait(t, fork(t, flags, c)).ExitStatus()
	w.Close()
	buf := make([]byte, sys.MessageSize)
	if n, _ := r.Read(buf); n == sys.MessageSize {
		m = sys.ReadMessage(buf)
	}
	return status, m
}
