//go:build !amd64 && !arm64

package sys

import "golang.org/x/sys/unix"

// Spawn starts a child that runs c, whose end is an execve(2), and returns its pid. On this architecture it is a Fork.
func Spawn(c *Code) (pid int, err error) {
	child, err := Fork(0, c)
	if err == nil {
		unix.Close(child.PidFD)
	}
	return child.Pid, err
}
