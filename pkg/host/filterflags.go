package host

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/seccomp"
)

// FilterFlags lists those flags of seccomp filters that this kernel has, of those that urun knows. The newest, for a listener whose
// callers are not disturbed, came with Linux 5.19.
func FilterFlags() []string {
	return slices.DeleteFunc(seccomp.Flags(), func(name string) bool {
		bits, ok := seccomp.FlagBits(name)
		return !ok || !hasFilterFlag(bits)
	})
}

// hasFilterFlag asks the kernel for a filter that is not there, which it refuses with EFAULT after it has looked at the flags
// (seccomp(2), "SECCOMP_SET_MODE_FILTER").
func hasFilterFlag(bits uint32) bool {
	if bits == unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV {
		bits |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER // without which it means nothing
	}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(bits), 0)
	return errno == unix.EFAULT
}
