package sys_test

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

// shell is code that executes a shell with its output on descriptor out. The child's stack is at the end of its data.
func shell(t *testing.T, path, script string, out uintptr) *sys.Code {
	t.Helper()
	const words = 1 // cells of argv, and an empty environment at its end
	text := path + "\x00-c\x00" + script + "\x00"
	c := sys.NewCode(4, words+4, len(text)+sys.StackSize)
	t.Cleanup(c.Free)
	copy(c.Data, text)
	for i, off := range []int{0, len(path) + 1, len(path) + 4} {
		c.Cells[words+i] = uint64(c.Addr(off))
	}
	none := ^uint64(0)
	c.Cells[sys.ReportCell] = none
	op := func(i int, nr uint32, addrs uint8, args ...uintptr) {
		c.Ops[i] = sys.Op{Nr: nr, CellAddrs: addrs, Then: uint16(i + 1)}
		copy(c.Ops[i].Args[:], args)
	}
	op(0, unix.SYS_DUP3, 0, out, 1, 0)
	op(1, unix.SYS_RT_SIGPROCMASK, 1<<1, unix.SIG_SETMASK, words+3, 0, 8)
	op(2, unix.SYS_EXECVE, 1<<1|1<<2, c.Addr(0), words, words+3)
	c.Ops[3] = exit
	return c
}

// TestSpawn: many children at a time, each with its own program, while the parent goes on.
func TestSpawn(t *testing.T) {
	r, w := pipe(t)
	const n = 20
	var pids [n]int
	for i := range pids {
		pid, err := sys.Spawn(shell(t, "/bin/sh", "echo $0 $PPID; exit 7", w.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		pids[i] = pid
	}
	w.Close()
	said, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if status := wait(t, sys.Child{Pid: pid}); status.ExitStatus() != 7 {
			t.Errorf("status %#x; said %q", status, said)
		}
	}
}

func TestSpawnTellsErrno(t *testing.T) {
	_, w := pipe(t)
	c := shell(t, "/nowhere/sh", "", w.Fd())
	pid, err := sys.Spawn(c)
	if err != nil {
		t.Fatal(err)
	}
	if status := wait(t, sys.Child{Pid: pid}); status.ExitStatus() != 127 || c.Errno() != unix.ENOENT {
		t.Errorf("status %#x, errno %d", status, c.Errno())
	}
}
