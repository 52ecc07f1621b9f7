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

// SendFD sends a descriptor with a text, which is not empty, over a unix socket.
func SendFD(socket, fd int, text string) error {
	data, rights := []byte(text), unix.UnixRights(fd)
	for len(data) > 0 {
		n, err := unix.SendmsgN(socket, data, rights, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("sendmsg", err)
		}
		data, rights = data[n:], nil // a long text goes in pieces, the descriptor with the first
	}
	return nil
}

// TakeFD copies descriptor fd of the process behind pidfd; close-on-exec. The process must be open to the caller: dumpable,
// in a user namespace of the caller's (pidfd_getfd(2)).
func TakeFD(pidfd, fd int) (int, error) {
	got, err := unix.PidfdGetfd(pidfd, fd, 0)
	return got, os.NewSyscallError("pidfd_getfd", err)
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
