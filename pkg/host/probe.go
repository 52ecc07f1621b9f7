package host

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// read returns the first 4 KiB of a small file. Package os would set up its poller for it, which costs more than the
// rest of this package.
func read(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written
	buf := make([]byte, 4096)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// word is the trimmed content of a small file, "" when there is none to be read.
func word(path string) string {
	b, _ := read(path) // absent and unreadable mean the same here: unknown
	return string(bytes.TrimSpace(b))
}

// lastCap is the number of the kernel's newest capability. The kernel itself is asked, by prctl(2), which is quicker than
// /proc/sys/kernel/cap_last_cap and works where that is masked.
func lastCap() int {
	known := func(n int) bool {
		_, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0)
		return err == nil
	}
	n := unix.CAP_LAST_CAP
	for n > 0 && !known(n) {
		n--
	}
	for n < 63 && known(n+1) {
		n++
	}
	return n
}

// pipe tells whether a descriptor is a pipe.
func pipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// window is the size of the terminal at stdin, stdout or stderr, the first of them that is one.
func window() (rows, cols uint16) {
	for fd := range 3 {
		if w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
			return w.Row, w.Col
		}
	}
	return 0, 0
}
