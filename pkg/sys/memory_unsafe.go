package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// NewCode returns code with room for so many instructions, cells and bytes of data, all zero, in memory of its own. A child that
// runs it is born without Go's heap: there is less for the kernel to copy, neither side copies pages that it writes afterwards,
// and nothing that urun knows, but the program, goes along to where the container lives. Free gives the memory back.
//
// Where there is no memory to be had from the kernel it comes from the heap, and the child is a copy of all.
func NewCode(ops, cells, data int) *Code {
	atCells := int(unsafe.Sizeof(Code{})) + ops*int(unsafe.Sizeof(Op{}))
	atData := atCells + 8*cells
	size := atData + data
	// Mapped at once, and not page by page as it is written.
	const flags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_POPULATE
	at, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return &Code{Ops: make([]Op, ops), Cells: make([]uint64, cells), Data: make([]byte, data)}
	}
	c := (*Code)(at)
	c.size = uintptr(size)
	c.Ops = unsafe.Slice((*Op)(unsafe.Add(at, unsafe.Sizeof(Code{}))), ops)
	c.Cells = unsafe.Slice((*uint64)(unsafe.Add(at, atCells)), cells)
	c.Data = unsafe.Slice((*byte)(unsafe.Add(at, atData)), data)
	return c
}

// Free gives back the memory of code that NewCode has made; children that run it have their own.
func (c *Code) Free() {
	if c.size > 0 {
		_ = unix.MunmapPtr(unsafe.Pointer(c), c.size)
	}
}

// region is memory from one address to another.
type region struct{ from, to uintptr }

// heapAround is the part of Go's heap in which at lies: its arenas have this size, and begin at a multiple of it (heapArenaBytes
// in runtime/malloc.go). Others, which a larger heap has, are copied as any memory is: one of 4 MiB, as urun's is, never has, and
// one that has grown may, since it begins anywhere in its first arena (mheap.grow).
//
//go:nosplit
//go:norace
func heapAround(at uintptr) region {
	const arena = 4 << 20 << (4 * (^uintptr(0) >> 63)) // 64 MiB, or 4 MiB with 32 bits
	from := at &^ (arena - 1)
	return region{from, from + arena}
}

// stackAround are the pages that hold the frames of fork and what it calls: all of these are nosplit, and so have together less
// than the linker's limit of 800 bytes for such a chain.
//
//go:nosplit
//go:norace
func stackAround(at uintptr) region {
	return region{(at - 1024) &^ (pageSize - 1), (at+1024)&^(pageSize-1) + pageSize}
}

// advise is madvise(2). The kernel does what it can and answers ENOMEM where a part of the region is not mapped.
//
//go:nosplit
//go:norace
func (r region) advise(advice uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall(unix.SYS_MADVISE, r.from, r.to-r.from, advice)
	return errno
}

var pageSize = uintptr(syscall.Getpagesize())
