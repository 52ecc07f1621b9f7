package procs

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// resident is the memory of a process in bytes, with the pages that it shares (proc_pid_statm(5)): three numbers that the kernel
// keeps anyway. 0: it has ended.
func resident(pid int) uint64 {
	raw := readProc(pid, "statm")
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize())
}

// proportional is the memory of a process in bytes, where a page that n processes share counts 1/n for each
// (proc_pid_smaps(5), Pss). The kernel walks all page tables for it. Where that is not allowed it is what is resident.
func proportional(pid int) uint64 {
	if n, ok := parsePss(readProc(pid, "smaps_rollup")); ok {
		return n
	}
	return resident(pid)
}

// parsePss reads the content of /proc/PID/smaps_rollup, whose lines are "Pss:   1234 kB".
func parsePss(raw []byte) (uint64, bool) {
	for line := range bytes.Lines(raw) {
		if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
			kb, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 53)
			if err != nil {
				return 0, false
			}
			return kb << 10, true
		}
	}
	return 0, false
}

// readProc reads a short file of /proc/PID, without package os, which would make its poller for it.
func readProc(pid int, name string) []byte {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}
