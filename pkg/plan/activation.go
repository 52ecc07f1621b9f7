package plan

import (
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// notifyPath is where the socket of the service manager is in a container.
const notifyPath = "/run/notify/notify.sock"

// Activation is what a service manager hands over by way of its service's environment.
type Activation struct {
	Sockets int    // how many descriptors from 3 on (sd_listen_fds(3))
	Names   string // of these sockets, separated by colons; empty: none given
	Notify  string // the socket that is told of readiness (sd_notify(3)), an absolute path; empty: none
}

// activation passes on what the service manager has handed over.
func (c *compiler) activation() error {
	c.sockets()
	return c.notify()
}

// sockets tells the process of the sockets. They are meant for the process whose pid LISTEN_PID is, and that can be known
// beforehand only of the first one in a pid namespace.
func (c *compiler) sockets() {
	a := c.opt.Activation
	if a.Sockets == 0 {
		return
	}
	if !c.own(unix.CLONE_NEWPID) || c.joined(unix.CLONE_NEWPID) {
		c.note(Notice{
			Code: "URUN-FDS-001", Want: fmt.Sprintf("LISTEN_FDS=%d", a.Sockets), Got: "the sockets are open, from descriptor 3 on, and no variable tells of them",
			Why: "LISTEN_PID cannot be known without a new pid namespace", Fix: `add {"type": "pid"} to linux.namespaces`,
		})
		return
	}
	c.setenv("LISTEN_FDS="+strconv.Itoa(a.Sockets), "LISTEN_PID=1")
	if a.Names != "" {
		c.setenv("LISTEN_FDNAMES=" + a.Names)
	}
}

// setenv adds to the environment of the config.
func (c *compiler) setenv(list ...string) { c.env = append(c.env, list...) }

// notify brings the socket of the service manager into the container, which may then say itself that it is ready
// (sd_notify(3)). Where there is no place for it the container goes without.
func (c *compiler) notify() error {
	socket := c.opt.Activation.Notify
	if socket == "" {
		return nil
	}
	c.add(step.Optional{Step: step.Bind{
		Source: socket, Dest: notifyPath, Attr: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC,
	}, On: []syscall.Errno{unix.EACCES, unix.EPERM, unix.EROFS, unix.ENOENT, unix.ENOTDIR}})
	c.setenv("NOTIFY_SOCKET=" + notifyPath)
	return nil
}
