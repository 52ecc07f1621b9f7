package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// ask has urun-monitor carry out a change, for which it waits so long.
func ask(dir *state.Dir, request companion.PortRequest, patience time.Duration) ([]companion.Port, error) {
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	said, err := converse(portSocket(dir), raw, patience)
	var reply companion.PortReply
	if err == nil {
		err = json.Unmarshal(said, &reply)
	}
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil, fmt.Errorf("%s does not answer within %v: it has been stopped, or is busy; urun state tells whether it still watches", companion.Name, patience)
	case err != nil:
		return nil, fmt.Errorf("%s does not answer: %w", companion.Name, err)
	case reply.Error != "":
		return nil, errors.New(reply.Error)
	}
	return reply.Ports, nil
}

// portSocket is where urun-monitor takes changes of the ports, reached as socketPath is.
func portSocket(dir *state.Dir) string {
	return "/proc/self/fd/" + strconv.Itoa(dir.Fd()) + "/" + companion.PortSocket
}

// converse says something to who listens at path, and returns all that is answered; EAGAIN: for so long nothing was.
func converse(path string, what []byte, patience time.Duration) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return nil, err
	}
	if _, err := unix.SendmsgN(fd, what, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return nil, err
	}
	if err := unix.Shutdown(fd, unix.SHUT_WR); err != nil {
		return nil, err
	}
	return io.ReadAll(socketReader{fd, time.Now().Add(patience)})
}

// socketReader reads from a blocking socket, without package net, which every start of urun would pay for.
type socketReader struct {
	fd  int
	end time.Time // until then an interrupted call is repeated
}

func (s socketReader) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(s.fd, p)
		switch {
		case err == unix.EINTR && time.Now().Before(s.end):
		case err == unix.EINTR:
			return 0, unix.EAGAIN
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
