package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calmed says that Calm has done something, so that a thread may have inherited what it did.
var calmed bool

// Calm keeps the monitor thread of Go's runtime (sysmon) from interrupting those that work. In the first milliseconds of a program
// it wakes every 90 µs to see whether one of them has to be preempted or has gone to sleep, and takes 10 of them each time: a tenth
// of the life of urun. As SCHED_BATCH it waits until a CPU is free, or until the next tick of the kernel's clock (sched(7)).
//
// sysmon is the first thread that the runtime starts. It is told by its number, the one after the process's; where another process
// has taken that meanwhile, nothing is done, nor where the caller has a policy of his own.
func Calm() {
	pid := unix.Getpid()
	policy, _, errno := syscall.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
	if errno == 0 && policy == unix.SCHED_NORMAL && unix.Tgkill(pid, pid+1, 0) == nil { // signal 0: is it one of our threads?
		calmed = schedule(pid+1, unix.SCHED_BATCH) == 0
	}
}

// schedule gives thread tid (0: this one) a policy without a priority; it keeps its nice value (sched_setscheduler(2)).
//
//go:nosplit
//go:norace
func schedule(tid int, policy uintptr) syscall.Errno {
	var priority int32
	_, _, errno := syscall.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(tid), policy, uintptr(unsafe.Pointer(&priority)))
	return errno
}
