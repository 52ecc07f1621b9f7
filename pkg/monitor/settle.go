package monitor

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// settle gives back what only the beginning needed.
func settle() {
	debug.FreeOSMemory()
	unmapProgram()
}

// unmapProgram lets go of the pages of the program's text, most of which have served their turn. What is needed again comes from
// the page cache (MADV_DONTNEED of a file's mapping, madvise(2)). Of what is merely read-only that would not be true: the dynamic
// linker has written to such pages before they were.
func unmapProgram() {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return // it is of no use but to save memory
	}
	for line := range strings.Lines(string(maps)) {
		if from, size, ok := text(line); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(size), unix.MADV_DONTNEED)
		}
	}
}

// text understands a line of proc_pid_maps(5) that is about a program's text.
func text(line string) (from, size uint64, ok bool) {
	f := strings.Fields(line) // range, rights, offset, device, inode, path
	if len(f) < 6 || f[1] != "r-xp" || f[4] == "0" {
		return 0, 0, false
	}
	first, last, _ := strings.Cut(f[0], "-")
	from, err1 := strconv.ParseUint(first, 16, 64)
	to, err2 := strconv.ParseUint(last, 16, 64)
	return from, to - from, err1 == nil && err2 == nil && from < to
}
