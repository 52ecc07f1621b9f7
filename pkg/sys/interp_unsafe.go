package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Addr returns the address of byte off in c.Data. Go's heap does not move, and Fork keeps c alive.
func (c *Code) Addr(off int) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(c.Data))) + uintptr(off)
}

// CellAddr returns the address of cell i.
func (c *Code) CellAddr(i int) uintptr { return uintptr(unsafe.Pointer(&c.Cells[i])) }

// run carries out c and ends the process. It is all that a forked child executes: nosplit because the stack must
// not grow, norace because the race detector's shadow state belongs to the parent, and it calls nothing but
// RawSyscall6, which is assembly, so it can neither allocate nor meet the scheduler.
//
//go:nosplit
//go:norace
//go:noinline
func run(c *Code) {
	var a [6]uintptr
	for pc := 0; pc < len(c.Ops); {
		op := &c.Ops[pc]
		for i := range a {
			a[i] = op.Args[i]
			switch bit := uint8(1) << i; {
			case op.Cells&bit != 0:
				a[i] = uintptr(c.Cells[a[i]])
			case op.CellAddrs&bit != 0:
				a[i] = uintptr(unsafe.Pointer(&c.Cells[a[i]]))
			case op.DataAddrs&bit != 0:
				a[i] += uintptr(unsafe.Pointer(unsafe.SliceData(c.Data)))
			}
		}
		var r uintptr
		var errno syscall.Errno
		switch op.Nr {
		case Copy:
			r = a[0]
		case Expect:
			if a[0]&a[1] != a[2] {
				errno = syscall.Errno(a[3])
			}
		default:
			r, _, errno = syscall.RawSyscall6(uintptr(op.Nr), a[0], a[1], a[2], a[3], a[4], a[5])
		}
		if errno == 0 {
			c.Cells[op.Dst] = uint64(r)
			pc = int(op.Then)
			continue
		}
		caught := false
		for i := range op.Catch {
			if op.Catch[i] == uint16(errno) || op.Catch[i] == Any {
				caught = true
			}
		}
		if caught {
			pc = int(op.Else)
			continue
		}
		if errno == unix.EINTR {
			continue
		}
		c.failure = Message{Failed, uint32(len(c.Ops) - pc), uint64(errno)}
		break
	}
	if c.failure.Kind == Failed {
		syscall.RawSyscall6(unix.SYS_WRITE, uintptr(c.Cells[ReportCell]), uintptr(unsafe.Pointer(&c.failure)), MessageSize, 0, 0, 0)
	}
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 127, 0, 0, 0, 0, 0)
	}
}

// ReadMessage reads a message from its bytes. Precondition: len(b) >= MessageSize.
func ReadMessage(b []byte) Message {
	return *(*Message)(unsafe.Pointer(unsafe.SliceData(b[:MessageSize])))
}
