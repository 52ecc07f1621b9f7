package sys

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Keys of the auxiliary vector (uapi/linux/auxvec.h).
const (
	atRandom = 25
	atExecFn = 31
)

// ArgPages says where the kernel has put the command line and the environment of this process (execve(2)): first and size
// are of whole pages, name is the address of the command's name in them. All are 0 where that is not known.
//
// They lie at the bottom of the first thread's stack, between the random bytes and the name of the program that the auxiliary
// vector points to (getauxval(3)). What Fork starts runs on a stack of Go's, which is elsewhere, and can do without them.
func ArgPages() (first, size, name uint64) {
	aux, err := unix.Auxv()
	if err != nil || len(os.Args) == 0 || os.Args[0] == "" {
		return 0, 0, 0
	}
	var begin, end uint64
	for _, a := range aux {
		switch uint64(a[0]) {
		case atRandom:
			begin = uint64(a[1])
		case atExecFn:
			end = uint64(a[1])
		}
	}
	name = uint64(uintptr(unsafe.Pointer(unsafe.StringData(os.Args[0]))))
	if begin == 0 || name < begin || name >= end {
		return 0, 0, 0
	}
	page := uint64(os.Getpagesize())
	first = begin &^ (page - 1)
	return first, (end+page)&^(page-1) - first, name
}
