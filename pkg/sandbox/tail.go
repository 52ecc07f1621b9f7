package sandbox

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// tail keeps the end of what a hook prints, for its error; however much that is, it takes no more memory.
type tail struct {
	fd   int // read end of a pipe; -1 once it has ended
	last []byte
}

const tailSize = 1024

// newTail returns a tail and the end of its pipe that the hook writes to; the caller closes it.
func newTail() (t *tail, write int, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, -1, fmt.Errorf("pipe: %w", err)
	}
	if err := unix.SetNonblock(ends[0], true); err != nil {
		closeAll(ends[:])
		return nil, -1, fmt.Errorf("pipe: %w", err)
	}
	return &tail{fd: ends[0]}, ends[1], nil
}

// drain takes what is in the pipe, but no more than a pipe holds: somebody may write without end.
func (t *tail) drain() {
	buf := make([]byte, 1<<16)
	for taken := 0; t.fd >= 0 && taken < 1<<20; {
		n, err := unix.Read(t.fd, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return
		case n == 0: // all writers are gone; poll(2) would tell so without end
			t.close()
			return
		}
		taken += n
		t.last = append(t.last, buf[max(0, n-tailSize):n]...)
		t.last = append(t.last[:0], t.last[max(0, len(t.last)-tailSize):]...)
	}
}

func (t *tail) close() {
	if t.fd >= 0 {
		unix.Close(t.fd)
		t.fd = -1
	}
}

// String is what a hook's error ends in.
func (t *tail) String() string {
	if len(t.last) == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(string(t.last))
}
