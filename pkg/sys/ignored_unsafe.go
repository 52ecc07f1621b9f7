package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// IgnoredSignals lists the signals that this process ignores. Go's runtime catches most at its start; those that it leaves alone
// are ignored if the caller ignored them, as nohup(1) does with SIGHUP, and stay so over fork and execve(2).
func IgnoredSignals() (list []int) {
	for sig := 1; sig <= 64; sig++ {
		if Ignored(sig) {
			list = append(list, sig)
		}
	}
	return list
}

// Ignored says whether this process ignores the signal.
func Ignored(sig int) bool {
	const ignore = 1   // SIG_IGN
	var now [8]uintptr // struct sigaction of the kernel: the handler comes first (but on mips, where urun has not been run)
	_, _, errno := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
	return errno == 0 && now[0] == ignore
}
