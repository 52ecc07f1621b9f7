package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// denied are the calls that deny can refuse.
var denied = map[string]uint32{
	"clone3": unix.SYS_CLONE3, "mount": unix.SYS_MOUNT, "open_tree": unix.SYS_OPEN_TREE, "openat2": unix.SYS_OPENAT2,
	"close_range": unix.SYS_CLOSE_RANGE, "keyctl": unix.SYS_KEYCTL, "madvise": unix.SYS_MADVISE, "capset": unix.SYS_CAPSET, "pidfd_open": unix.SYS_PIDFD_OPEN,
	"pivot_root": unix.SYS_PIVOT_ROOT, "mount_setattr": unix.SYS_MOUNT_SETATTR, "fsopen": unix.SYS_FSOPEN,
	"sched_setscheduler": unix.SYS_SCHED_SETSCHEDULER, "pidfd_send_signal": unix.SYS_PIDFD_SEND_SIGNAL,
}

var denials = map[string]uint32{"EPERM": uint32(unix.EPERM), "ENOSYS": uint32(unix.ENOSYS)}

// deny becomes a command for which one system call is refused, as in the container of an engine: deny CALL ERRNO COMMAND …
func deny(a []string) error {
	nr, ok := denied[arg(a, 0)]
	errno, known := denials[arg(a, 1)]
	if !ok || !known || len(a) < 3 {
		return fmt.Errorf("deny what?")
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: nr, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(filter)
	if e != 0 {
		return e
	}
	return syscall.Exec(a[2], a[2:], os.Environ())
}
