package monitor

import (
	"strconv"

	"github.com/urun/urun/pkg/companion"
)

// slirpArgs are the options of slirp4netns(1). The container may reach neither the host's loopback nor anything of the host's files
// through it.
func slirpArgs(n *companion.Network, pid int) []string {
	args := []string{"--configure", "--mtu=" + strconv.Itoa(n.MTU), "--enable-sandbox", "--enable-seccomp", "--ready-fd=" + strconv.Itoa(slirpReadyFD)}
	if !n.Loopback {
		args = append(args, "--disable-host-loopback")
	}
	if n.IPv6 {
		args = append(args, "--enable-ipv6")
	}
	return append(args, strconv.Itoa(pid), "tap0")
}

func slirpTrouble(said *words) error { return tooOld(said, "slirp4netns", "1.0.0") }
