package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// WakeOptions are what the other side of a late conversation needs.
type WakeOptions struct {
	Program func() *program.Program // asked for only to word a failure
	CallOut func(n int, show Show) error
	Noted   func(n int)

	Listener func(fd int) error // hands descriptor fd of the container's process to the agent that its filter asks
}

// Wake starts a created container through its socket, at path, and waits until it has become its command. ErrNotWaiting:
// nobody waits there.
func Wake(path string, o WakeOptions) error {
	fd, err := dialWaiting(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	c := conn{fd: fd, prog: o.Program}
	if err := c.Consent(); err != nil {
		return err
	}
	for {
		m, err := c.read()
		switch {
		case errors.Is(err, errReset): // it was started by another meanwhile, or has ended
			return ErrNotWaiting
		case errors.Is(err, errClosed):
			return nil
		}
		if err == nil {
			err = c.answer(m, duties{o.Noted, func(n int) error { return o.CallOut(n, c.look) }, o.Listener})
		}
		if err != nil {
			return err
		}
	}
}

// End has a container that waits for its start, at path, end instead. ErrNotWaiting: nobody waits there.
func End(path string) error {
	fd, err := dialWaiting(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := limit(fd); err != nil {
		return err
	}
	c := conn{fd: fd}
	if err := c.say(program.End); err != nil {
		return err
	}
	_, err = c.read()
	switch {
	case errors.Is(err, errReset): // it was started by another meanwhile, or has ended
		return ErrNotWaiting
	case errors.Is(err, errClosed):
		return nil
	case errors.Is(err, unix.EAGAIN):
		return errSilent
	}
	return err
}

// answerTime bounds how long a waiting process may take to answer: it may have been stopped.
const answerTime = 10 // seconds

var errSilent = fmt.Errorf("the waiting container has not answered within %d s: it has been stopped, or a hook of its start goes on", answerTime)

func limit(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: answerTime}))
}

// dialWaiting connects to the container that waits at path.
func dialWaiting(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	if err == nil {
		return fd, nil
	}
	unix.Close(fd)
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return -1, ErrNotWaiting
	}
	return -1, fmt.Errorf("connect to the waiting container: %w", err)
}

// ErrNotWaiting says that a container does not wait for its start.
var ErrNotWaiting = errors.New("the container does not wait for start")

// Listen makes the socket on which a container will wait. The caller closes it.
func Listen(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err == nil {
		err = unix.Listen(fd, 16)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("make the start socket: %w", err)
	}
	return fd, nil
}
