package bus

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// errTime is in the chain of errors about a peer that says nothing.
var errTime = errors.New("no answer")

// ErrClosed is in the chain of errors about a peer that has hung up.
var ErrClosed = errors.New("the connection was closed")

// socket is a stream with deadlines. It is no net.Conn: that package would double what this one costs.
type socket struct{ fd int }

// dial connects to a socket of the file system, or an abstract one, which begins with @.
func dial(path string, deadline time.Time) (*socket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	for {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		if err == nil {
			return &socket{fd}, nil
		}
		// EAGAIN: more connect than the peer has accepted yet; there is nothing to poll for.
		if err != unix.EAGAIN && err != unix.EINTR || time.Now().After(deadline) {
			unix.Close(fd)
			return nil, err
		}
		time.Sleep(time.Millisecond)
	}
}

// write sends all of b.
func (s *socket) write(b []byte, deadline time.Time) error {
	for len(b) > 0 {
		n, err := unix.SendmsgN(s.fd, b, nil, nil, unix.MSG_NOSIGNAL)
		switch err {
		case nil:
			b = b[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			if err := s.wait(unix.POLLOUT, deadline); err != nil {
				return err
			}
		case unix.EPIPE, unix.ECONNRESET:
			return ErrClosed
		default:
			return err
		}
	}
	return nil
}

// read waits for some bytes, at least one.
func (s *socket) read(b []byte, deadline time.Time) (int, error) {
	for {
		n, err := unix.Read(s.fd, b)
		switch {
		case err == nil && n == 0, err == unix.ECONNRESET:
			return 0, ErrClosed
		case err == nil:
			// A peer that never stops talking must not outrun the deadline.
			if time.Now().After(deadline) {
				return 0, errTime
			}
			return n, nil
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := s.wait(unix.POLLIN, deadline); err != nil {
				return 0, err
			}
		default:
			return 0, err
		}
	}
}

func (s *socket) wait(events int16, deadline time.Time) error {
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return errTime
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: events}}, int(left/time.Millisecond)+1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("poll: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
}

func (s *socket) close() error { return unix.Close(s.fd) }
