package monitor

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/sys"
)

// slirp4netns opens a connection to whatever address a packet names. The container's own kernel sends nothing to 127.0.0.1 through
// an interface, but a process with CAP_NET_ADMIN may change its routes, and one with CAP_NET_RAW writes its own packets: they would
// reach the host's loopback. So the kernel is told which packets slirp4netns gets to see. What is in the container's network, such as
// rules for packets, belongs to such a process, too; a filter on the descriptor that slirp4netns reads from does not.

// toOthers lets through Ethernet frames of ARP, IPv4 and IPv6, but for those to 127.0.0.0/8 and 0.0.0.0/8, which connect(2) takes for
// the first, and to ::/64, which has ::1 and ::, or ::ffff:0:0/96, in which IPv4 addresses are written as such of IPv6 (RFC 4291).
var toOthers = []unix.SockFilter{
	0:  {Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 12}, // the type of the frame
	1:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.ETH_P_ARP, Jt: 10},
	2:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.ETH_P_IPV6, Jt: 5},
	3:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.ETH_P_IP, Jf: 9},
	4:  {Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 30}, // where to
	5:  {Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xff000000},
	6:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 127 << 24, Jt: 6},
	7:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jt: 5, Jf: 4},
	8:  {Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 38}, // where to
	9:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jf: 2},
	10: {Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 42},
	11: {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jt: 1},
	12: {Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1},
	13: {Code: unix.BPF_RET | unix.BPF_K, K: 0},
}

// guardLoopback keeps the host's loopback from a container that shall not reach it.
//
// Where it cannot, that is an error only if the container's processes may write what they like.
func guardLoopback(h *helper, n *companion.Network) error {
	if n.Loopback {
		return nil
	}
	if err := h.filterTap(); err != nil && n.Crafts {
		return fmt.Errorf("%s cannot be kept from the host's loopback: %w; its container has CAP_NET_ADMIN or CAP_NET_RAW: remove these, "+
			"or take --net pasta, or allow it with --net-host-loopback", h.name, err)
	}
	return nil
}

// filterTap puts toOthers on the helper's descriptor of its interface. Its parent may have that by pidfd_getfd(2), as a debugger might.
// The container has not started, and nothing of its is on the way.
func (h *helper) filterTap() error {
	const highest = 64 // it has about ten
	for fd := range highest {
		tap, err := unix.PidfdGetfd(h.pidfd, fd, 0)
		if err == unix.EBADF && h.pidfd >= 0 { // it is not open there
			continue
		}
		if err != nil {
			return fmt.Errorf("pidfd_getfd: %w", err)
		}
		isTap := sys.IsTap(tap)
		if isTap {
			err = sys.FilterTap(tap, toOthers)
		}
		unix.Close(tap)
		if isTap {
			return err
		}
	}
	return errors.New("it has no tap interface")
}
