//go:build amd64 || arm64

package sys

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is struct sigaction of the kernel on amd64 and arm64 (rt_sigaction(2)).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// What the handlers in catch_*.s need.
var (
	//lint:ignore U1000 read in assembly
	caughtPipe uintptr // to which they write
	//lint:ignore U1000 read in assembly
	runtimeHandler uintptr // that of Go's runtime, for what is a fault of the program
)

// handlers returns the addresses of the two handlers: the second hands a fault of the program to the runtime.
func handlers() (caught, caughtUnlessFault uintptr)

// faults are signals that the kernel sends to a thread for what it has just done.
const faults = 1<<unix.SIGILL | 1<<unix.SIGTRAP | 1<<unix.SIGBUS | 1<<unix.SIGFPE | 1<<unix.SIGSEGV | 1<<unix.SIGSYS

// Catch has each of the signals, when somebody sends it to this process, written as a byte, its number, to a pipe, and returns the
// end to read from; it is close-on-exec and blocks. From its return none is missed, but where 64 KiB of them wait to be read.
// A fault of the program itself (SIGSEGV and its like) stays the runtime's. Asked again, only the newest pipe is written to.
//
// It stands in for os/signal, which starts three threads and asks one of them about each signal: a quarter of a millisecond, a tenth
// of what `urun exec` takes. The handlers are installed as the runtime installs its own: on the thread's signal stack, with all
// signals blocked meanwhile and calls begun again (SA_ONSTACK, SA_RESTART).
func Catch(signals []int) (int, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	if err := unix.SetNonblock(p[1], true); err != nil { // a handler must not wait
		return -1, os.NewSyscallError("fcntl", err)
	}
	action, err := setSigaction(int(unix.SIGSEGV), nil) // always the runtime's, unless we have been here
	if err != nil {
		return -1, err
	}
	caught, caughtUnlessFault := handlers()
	if action.handler != caughtUnlessFault {
		runtimeHandler = action.handler
	}
	caughtPipe = uintptr(p[1])
	for _, sig := range signals {
		action.handler = caught
		if sig < 32 && faults>>sig&1 != 0 {
			action.handler = caughtUnlessFault
		}
		if _, err := setSigaction(sig, &action); err != nil {
			return -1, err
		}
	}
	return p[0], nil
}

// setSigaction returns what is done about a signal, and changes it to action if that is not nil.
func setSigaction(sig int, action *sigaction) (old sigaction, err error) {
	_, _, errno := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(action)),
		uintptr(unsafe.Pointer(&old)), unsafe.Sizeof(old.mask), 0, 0)
	if errno != 0 {
		return old, os.NewSyscallError("rt_sigaction", errno)
	}
	return old, nil
}
