package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// Shown are the namespaces that a process has shown to us: descriptors, close-on-exec, by the names of the inputs that
// step.JoinAll joins.
type Shown map[string]int

// Show asks the child, which waits for the end of a call-out, to show its namespaces flags (CLONE_NEW*).
type Show func(flags uint64) (Shown, error)

// Close closes them.
func (s Shown) Close() {
	for _, fd := range s {
		unix.Close(fd)
	}
}

// Look asks the container that waits for its start at the socket path to show its namespaces flags (CLONE_NEW*).
// ErrNotWaiting: nobody waits there.
func Look(path string, flags uint64) (Shown, error) {
	fd, err := dialWaiting(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := limit(fd); err != nil {
		return nil, err
	}
	return (&conn{fd: fd}).look(flags)
}

// Show asks the child, which waits for the end of a call-out, to show its namespaces flags (CLONE_NEW*).
func (c *Child) Show(flags uint64) (Shown, error) { return c.look(flags) }

// look asks the child, which waits in a step that shows its namespaces.
func (c *conn) look(flags uint64) (Shown, error) {
	if err := c.say(program.Ask); err != nil {
		return nil, err
	}
	list := step.NamespacesOf(flags)
	fds, err := receive(c.fd, len(list))
	if err != nil {
		return nil, err
	}
	if len(fds) != len(list) {
		closeAll(fds)
		return nil, fmt.Errorf("the container's process has shown %d of its %d namespaces", len(fds), len(list))
	}
	shown := Shown{}
	for i, n := range list {
		shown[n.Input] = fds[i]
	}
	return shown, nil
}

// receive reads the message that carries at most count descriptors.
func receive(socket, count int) ([]int, error) {
	data, control := make([]byte, sys.MessageSize), make([]byte, unix.CmsgSpace(4*count))
	n, size, flags, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	for err == unix.EINTR {
		n, size, flags, _, err = unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	}
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil, errSilent
	case errors.Is(err, unix.ECONNRESET) || err == nil && n == 0: // it was started meanwhile, or has ended
		return nil, ErrNotWaiting
	case err != nil:
		return nil, os.NewSyscallError("recvmsg", err)
	}
	fds, err := rightsIn(control[:size])
	if err == nil && flags&unix.MSG_CTRUNC != 0 { // the kernel lets go of those that we have no room for (unix(7))
		closeAll(fds)
		return nil, os.NewSyscallError("recvmsg", unix.EMFILE)
	}
	if err == nil && (n < sys.MessageSize || sys.ReadMessage(data).Kind != program.Shown) {
		closeAll(fds)
		return nil, errors.New("the container's process has not shown its namespaces")
	}
	return fds, err
}

// rightsIn lists the descriptors that came with a message.
func rightsIn(control []byte) (fds []int, err error) {
	msgs, err := unix.ParseSocketControlMessage(control)
	for i := range msgs {
		got, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			closeAll(fds)
			return nil, os.NewSyscallError("recvmsg", err)
		}
		fds = append(fds, got...)
	}
	return fds, os.NewSyscallError("recvmsg", err)
}
