package plan

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// notifyPath is where the socket of the service manager is in a container.
const notifyPath = "/run/notify/notify.sock"

// notify brings the socket of the service manager into the container, which may then say itself that it is ready
// (sd_notify(3)). Where there is no place for it the container goes without.
func (c *compiler) notify() error {
	socket := c.opt.NotifySocket
	if socket == "" {
		return nil
	}
	c.add(step.Optional{Step: step.Bind{
		Source: socket, Dest: notifyPath, Attr: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC,
	}, On: []syscall.Errno{unix.EACCES, unix.EPERM, unix.EROFS, unix.ENOENT, unix.ENOTDIR}})
	c.opt.Env = append(slices.Clone(c.opt.Env), "NOTIFY_SOCKET="+notifyPath)
	return nil
}
