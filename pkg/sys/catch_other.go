//go:build !amd64 && !arm64

package sys

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Catch has each of the signals, when somebody sends it to this process, written as a byte, its number, to a pipe, and returns the
// end to read from; it is close-on-exec and blocks. From its return none is missed, but where more than 64 come at once.
// A fault of the program itself (SIGSEGV and its like) stays the runtime's.
func Catch(signals []int) (int, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	ch := make(chan os.Signal, 64)
	for _, sig := range signals {
		signal.Notify(ch, syscall.Signal(sig))
	}
	go func() {
		for s := range ch {
			_, _ = unix.Write(p[1], []byte{byte(s.(syscall.Signal))})
		}
	}()
	return p[0], nil
}
