package monitor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// leash ends the helpers with this process, however it ends: one that is killed cannot tell them. Each has one end of a pipe as its
// standard input, whose other end nobody but this process has. When that is closed, the kernel sends the signal that was
// asked for (fcntl(2), O_ASYNC, F_SETSIG) to the process group of this process, which is that of its helpers too. All is set before
// there is a helper, so that none slips through.
//
// PR_SET_PDEATHSIG would not do: the kernel forgets it as soon as the helper has changed its rights (prctl(2)), which is the first
// thing that pasta does, and so does a security module for a program that it confines.
//
// The descriptor that it returns is the helper's end, which the caller closes. Ours stays open until this process ends.
func leash() (int, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("pipe: %w", err)
	}
	for _, set := range [][2]int{
		{unix.F_SETOWN, -unix.Getpgrp()}, {unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETFL, unix.O_ASYNC},
	} {
		if _, err := unix.FcntlInt(uintptr(ends[0]), set[0], set[1]); err != nil {
			unix.Close(ends[1])
			unix.Close(ends[0])
			return -1, fmt.Errorf("let the helpers end with urun-monitor: %w", err)
		}
	}
	return ends[0], nil
}
