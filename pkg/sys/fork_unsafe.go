package sys

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The runtime's hooks around a fork, which package syscall uses for its own. BeforeFork blocks every signal of this
// thread; AfterFork restores the mask in the parent. The runtime keeps these names reachable for gVisor's sake.
//
//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

// cloneArgs is struct clone_args of clone3(2), in its first version (64 bytes).
type cloneArgs struct {
	flags      uint64
	pidfd      uint64
	childTid   uint64
	parentTid  uint64
	exitSignal uint64
	stack      uint64
	stackSize  uint64
	tls        uint64
}

// Child is a forked process: its pid and a close-on-exec pidfd.
type Child struct {
	Pid   int
	PidFD int
}

// Fork starts a child in the new namespaces that flags (CLONE_NEW*) name; it runs c and never returns. The child
// begins with every signal blocked and all descriptors of the caller. The error is the errno of clone3(2), or of
// clone(2) where a seccomp filter hides clone3 (ENOSYS).
//
// Why this is safe in a threaded Go program: the child is a copy of the address space with the calling thread alone.
// Locks held by other threads stay held for ever there, so nothing may be called that takes one: run calls only raw
// system calls and touches only c. Signals are blocked before the clone and stay blocked until c unblocks them just
// before execve; the kernel has reset the handlers by then (CLONE_CLEAR_SIGHAND), so no handler of the runtime ever
// runs in the child, not even for a signal that was pending. The stack is the parent's copy and, being nosplit, does
// not grow. forkAndExecInChild in package syscall argues the same way.
//
// Of code made by NewCode the child has nothing but the pages of its stack from Go's heap: nothing else of it is touched.
func Fork(flags uint64, c *Code) (Child, error) {
	pidfd := int32(-1)
	args := cloneArgs{
		flags:      flags | unix.CLONE_PIDFD | unix.CLONE_CLEAR_SIGHAND,
		pidfd:      uint64(uintptr(unsafe.Pointer(&pidfd))),
		exitSignal: uint64(unix.SIGCHLD),
	}
	syscall.ForkLock.Lock()
	pid, errno := fork(&args, c)
	syscall.ForkLock.Unlock()
	runtime.KeepAlive(c)
	if errno != 0 {
		return Child{}, errno
	}
	return Child{int(pid), int(pidfd)}, nil
}

//go:noinline
//go:norace
//go:nosplit
func fork(args *cloneArgs, c *Code) (pid uintptr, errno syscall.Errno) {
	beforeFork()
	if calmed { // this thread may have been started by the one that was, and the child would inherit its policy
		schedule(0, unix.SCHED_NORMAL)
	}
	heap := heapAround(uintptr(unsafe.Pointer(&errno)))
	if c.size > 0 {
		switch heap.advise(unix.MADV_DONTFORK) {
		case 0, unix.ENOMEM: // ENOMEM: the heap does not fill its region
			if errno = stackAround(uintptr(unsafe.Pointer(&errno))).advise(unix.MADV_DOFORK); errno != 0 { // it could not live
				_ = heap.advise(unix.MADV_DOFORK)
				afterFork()
				return 0, errno
			}
		default: // a filter around this process refuses it: the child is a copy of all
		}
	}
	pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE3, uintptr(unsafe.Pointer(args)), unsafe.Sizeof(*args), 0, 0, 0, 0)
	if errno == unix.ENOSYS && args.flags&unix.CLONE_NEWTIME == 0 {
		// clone(2) takes the exit signal in the flags and stores the pidfd where parent_tid points.
		a, b := uintptr(args.flags|args.exitSignal), uintptr(0)
		if runtime.GOARCH == "s390x" {
			a, b = b, a
		}
		pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE, a, b, uintptr(args.pidfd), 0, 0, 0)
	}
	if errno == 0 && pid == 0 {
		run(c)
	}
	if c.size > 0 {
		_ = heap.advise(unix.MADV_DOFORK) // for those whom others fork
	}
	afterFork()
	return pid, errno
}
