package procs

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// All returns the processes that /proc shows, in order.
func All() ([]int, error) {
	fd, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /proc: %w", err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 16<<10)
	var pids []int
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil && err != unix.EINTR {
			return nil, fmt.Errorf("read /proc: %w", err)
		}
		if n == 0 && err == nil {
			break
		}
		_, _, names := unix.ParseDirent(buf[:max(n, 0)], -1, nil)
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return pids, nil
}
