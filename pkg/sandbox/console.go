package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ConsolePair makes the two ends over which a child hands its terminal's master to us.
func ConsolePair() (ours, theirs int, err error) { return socketpair() }

// Dial connects to the unix socket at path, for --console-socket and --pidfd-socket. The caller closes it.
func Dial(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", path, err)
	}
	return fd, nil
}

// SendFD sends a descriptor with a name over a unix socket.
func SendFD(socket, fd int, name string) error {
	return os.NewSyscallError("sendmsg", unix.Sendmsg(socket, []byte(name), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL))
}

// ReceiveFD receives one descriptor, close-on-exec.
func ReceiveFD(socket int) (int, error) {
	data, control := make([]byte, 64), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("recvmsg", err)
	}
	msgs, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(msgs) != 1 {
		return -1, errors.New("no descriptor came over the socket")
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.New("no descriptor came over the socket")
	}
	return fds[0], nil
}
