//go:build amd64 || arm64

package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// spawn is clone3(2). The child runs c on the stack that args name.
func spawn(args *cloneArgs, c *Code) (pid int)

// Spawn starts a child that runs c, whose end is an execve(2), and returns its pid. Until then the child shares the memory of this
// program, so that the kernel has none to copy, and unlike that of a vfork(2) it leaves the caller time to start another: what
// posix_spawn(3) does, without the wait. Where clone3(2) is hidden (ENOSYS) it is a Fork.
//
// The child has a stack of its own at the end of c.Data and touches nothing but c; for the rest see Fork. A failure is in c once
// the child has ended: Errno.
//
// Preconditions: c was made by NewCode with StackSize bytes of data more than it uses, and is not freed before the child has ended
// or is known to have become another program.
func Spawn(c *Code) (pid int, err error) {
	end := uintptr(unsafe.Pointer(unsafe.SliceData(c.Data))) + uintptr(len(c.Data))
	args := cloneArgs{
		flags:      unix.CLONE_VM | unix.CLONE_CLEAR_SIGHAND,
		exitSignal: uint64(unix.SIGCHLD),
		stack:      uint64(end - StackSize),
		stackSize:  uint64(end&^15 - (end - StackSize)),
	}
	syscall.ForkLock.Lock()
	pid = spawnBlocked(&args, c)
	syscall.ForkLock.Unlock()
	switch {
	case pid == -int(unix.ENOSYS):
		child, err := Fork(0, c)
		if err == nil {
			unix.Close(child.PidFD)
		}
		return child.Pid, err
	case pid < 0:
		return 0, syscall.Errno(-pid)
	}
	return pid, nil
}

// spawnBlocked is spawn with all signals blocked, as Fork does it.
//
//go:noinline
//go:norace
//go:nosplit
func spawnBlocked(args *cloneArgs, c *Code) (pid int) {
	beforeFork()
	if calmed {
		schedule(0, unix.SCHED_NORMAL)
	}
	pid = spawn(args, c)
	afterFork()
	return pid
}
