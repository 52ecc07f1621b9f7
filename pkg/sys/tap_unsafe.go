package sys

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// IsTap tells whether fd is a descriptor of a network interface, of the kind that /dev/net/tun makes.
func IsTap(fd int) bool {
	ifr, err := unix.NewIfreq("")
	return err == nil && unix.IoctlIfreq(fd, unix.TUNGETIFF, ifr) == nil
}

// FilterTap lets only those packets through to the readers of fd, a tap interface, that the filter returns other than 0 for
// (Documentation/networking/tuntap, filter.rst). fd may be closed then.
func FilterTap(fd int, filter []unix.SockFilter) error {
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNATTACHFILTER, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("TUNATTACHFILTER: %w", errno)
	}
	return nil
}
