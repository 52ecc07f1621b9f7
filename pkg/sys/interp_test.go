package sys_test

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sys"
)

const badFD = ^uintptr(0)

func catch(errnos ...unix.Errno) (c [5]uint16) {
	for i, e := range errnos {
		c[i] = uint16(e)
	}
	return c
}

func TestOutcome(t *testing.T) {
	ok := sys.Op{Nr: sys.Copy}
	bad := sys.Op{Nr: unix.SYS_CLOSE, Args: [6]uintptr{badFD}}
	caught := func(errnos ...unix.Errno) sys.Op {
		op := bad
		op.Catch, op.Else = catch(errnos...), 2
		return op
	}
	expect := func(a, mask, want, errno uintptr) sys.Op {
		return sys.Op{Nr: sys.Expect, Args: [6]uintptr{a, mask, want, errno}}
	}
	for name, tc := range map[string]struct {
		code   *sys.Code
		status int
		want   sys.Message // Op counts from the end, the exit is 1
	}{
		"nothing to do":           {seq(), 0, sys.Message{}},
		"calls that succeed":      {seq(ok, ok), 0, sys.Message{}},
		"the exit status of code": {seq(sys.Op{Nr: unix.SYS_EXIT_GROUP, Args: [6]uintptr{3}}), 3, sys.Message{}},
		"a call that fails":       {seq(ok, bad, ok), 127, sys.Message{Kind: sys.Failed, Op: 3, Value: uint64(unix.EBADF)}},
		"the last call fails":     {seq(ok, ok, bad), 127, sys.Message{Kind: sys.Failed, Op: 2, Value: uint64(unix.EBADF)}},
		"an unknown call":         {seq(sys.Op{Nr: 99999}), 127, sys.Message{Kind: sys.Failed, Op: 2, Value: uint64(unix.ENOSYS)}},
		"an errno that is caught": {seq(caught(unix.EBADF), bad, ok), 0, sys.Message{}},
		"the second of a list":    {seq(caught(unix.ENOENT, unix.EBADF), bad, ok), 0, sys.Message{}},
		"the last of a list":      {seq(caught(1, 2, 3, 4, unix.EBADF), bad, ok), 0, sys.Message{}},
		"any errno":               {seq(caught(sys.Any), bad, ok), 0, sys.Message{}},
		"another errno is caught": {seq(caught(unix.ENOENT), ok, ok), 127, sys.Message{Kind: sys.Failed, Op: 4, Value: uint64(unix.EBADF)}},
		"expected":                {seq(expect(0b1101, 0b0110, 0b0100, uintptr(unix.ENODEV))), 0, sys.Message{}},
		"not expected":            {seq(expect(0b1101, 0b0110, 0b0110, uintptr(unix.ENODEV))), 127, sys.Message{Kind: sys.Failed, Op: 2, Value: uint64(unix.ENODEV)}},
		"a jump":                  {seq(sys.Op{Nr: sys.Copy, Then: 2}, bad, ok), 0, sys.Message{}},
	} {
		t.Run(name, func(t *testing.T) {
			status, m := outcome(t, 0, tc.code)
			if status != tc.status || m != tc.want {
				t.Errorf("exit status %d, message %+v; want %d, %+v", status, m, tc.status, tc.want)
			}
		})
	}
}

// TestCells: results go to cells, cells are passed to later calls, and Copy moves them.
func TestCells(t *testing.T) {
	r, w := pipe(t)
	c := seq(
		sys.Op{Nr: unix.SYS_DUP, Args: [6]uintptr{w.Fd()}, Dst: 2},                   // cell 2: another descriptor of the pipe
		sys.Op{Nr: sys.Copy, Args: [6]uintptr{2}, Cells: 0b1, Dst: 3},                // cell 3: the same
		sys.Op{Nr: unix.SYS_WRITE, Args: [6]uintptr{3, 0, 5}, Cells: 0b1, Dst: 1},    // what it is told to is written there
		sys.Op{Nr: sys.Expect, Args: [6]uintptr{1, ^uintptr(0), 5, 1}, Cells: 0b001}, // all five bytes
	)
	c.Ops[2].Args[1] = c.Addr(0)
	if status, m := outcome(t, 0, c); status != 0 {
		t.Fatalf("exit status %d, message %+v", status, m)
	}
	buf := make([]byte, 16)
	if n, err := r.Read(buf); string(buf[:n]) != "hello" {
		t.Errorf("the child wrote %q (%v)", buf[:n], err)
	}
}

// TestKernelFillsCells: a structure that a call returns can be read as cells.
func TestKernelFillsCells(t *testing.T) {
	r, w := pipe(t)
	if _, err := w.Write([]byte{7}); err != nil {
		t.Fatal(err)
	}
	c := seq(
		sys.Op{Nr: unix.SYS_READ, Args: [6]uintptr{r.Fd(), 0, 1}},
		sys.Op{Nr: sys.Expect, Args: [6]uintptr{2, 0xff, 7, 1}, Cells: 0b1, Dst: 3},
	)
	c.Ops[0].Args[1] = c.CellAddr(2)
	if status, m := outcome(t, 0, c); status != 0 {
		t.Errorf("exit status %d, message %+v", status, m)
	}
}

// TestNobodyListens: a child whose failure nobody reads ends all the same.
func TestNobodyListens(t *testing.T) {
	c := seq(sys.Op{Nr: unix.SYS_CLOSE, Args: [6]uintptr{badFD}})
	c.Cells[sys.ReportCell] = uint64(badFD)
	if status := wait(t, fork(t, 0, c)).ExitStatus(); status != 127 {
		t.Errorf("exit status %d, want 127", status)
	}
}

// TestAddresses: a bit of its own says that an argument is a place in the data or in the cells.
func TestAddresses(t *testing.T) {
	r, w := pipe(t)
	c := seq(
		sys.Op{Nr: sys.Copy, Args: [6]uintptr{0x414243}, Dst: 3},
		sys.Op{Nr: unix.SYS_WRITE, Args: [6]uintptr{w.Fd(), 1, 3}, DataAddrs: 0b10},
		sys.Op{Nr: unix.SYS_WRITE, Args: [6]uintptr{w.Fd(), 3, 8}, CellAddrs: 0b10},
	)
	if status, m := outcome(t, 0, c); status != 0 {
		t.Fatalf("exit status %d, message %+v", status, m)
	}
	buf := make([]byte, 16)
	n, err := r.Read(buf)
	if n != 11 || string(buf[:3]) != "ell" || binary.NativeEndian.Uint64(buf[3:]) != 0x414243 {
		t.Errorf("the child wrote %q (%v)", buf[:n], err)
	}
}
