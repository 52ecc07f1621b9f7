package sandbox

import (
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sys"
)

// lastWords is how long a child that has failed may take to say what it has forked. It needs no more than to be scheduled.
const lastWords = 5000 // milliseconds

// reapSiblings ends what the child may have forked with CLONE_PARENT: a failure of the second process can come before the
// message of the first that tells of it. Were the first killed before that, nobody would know of the second, and a pid
// namespace that it had joined could not end for want of its being reaped. patience is how long to wait for the message or the
// end of the conversation.
func (c *Child) reapSiblings(patience int) {
	buf := make([]byte, sys.MessageSize)
	for {
		ready := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, patience); n == 0 || err != nil && err != unix.EINTR {
			return
		}
		n, _, err := unix.Recvfrom(c.fd, buf, unix.MSG_DONTWAIT)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil || n < len(buf) {
			return
		}
		m := sys.ReadMessage(buf)
		if m.Kind == program.Born && unix.Waitid(unix.P_PID, int(m.Value), nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == nil {
			unix.Kill(int(m.Value), unix.SIGKILL)
			wait(int(m.Value))
		}
	}
}
