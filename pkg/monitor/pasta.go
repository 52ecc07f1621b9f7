package monitor

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
)

// pastaArgs are the options of pasta(1), all of which the version of March 2023 knows. The addresses are those of slirp4netns, so
// that it makes no difference to a container which of both carries its bytes.
//
// In the foreground it is one process, and a child of this one: what it would leave in the background nobody could find again, and
// an old one never ends by itself. It writes its number where it says that it is ready. It forwards no ports by itself, in neither
// direction: they are published otherwise, and "auto" would open those of the host's loopback.
func pastaArgs(n *companion.Network, pid int) []string {
	args := []string{
		"--foreground", "--quiet", "--pid=/proc/self/fd/" + strconv.Itoa(pastaReadyFD), "--config-net", "--ns-ifname=tap0", "--mtu=" + strconv.Itoa(n.MTU),
		"--tcp-ports=none", "--udp-ports=none", "--tcp-ns=none", "--udp-ns=none", "--no-dhcp", "--no-dhcpv6", "--no-ra",
		"--address=" + network.Address, "--netmask=24", "--gateway=" + network.Gateway, "--dns-forward=" + network.Nameserver,
	}
	if !n.Loopback {
		args = append(args, "--no-map-gw")
	}
	if os.Geteuid() == 0 { // else it becomes nobody, who may not enter the container
		args = append(args, "--runas=0:0")
	}
	if n.IPv6 {
		args = append(args, "--address="+network.PastaAddress6, "--gateway="+network.PastaGateway6, "--dns-forward="+network.PastaNameserver6)
	} else {
		args = append(args, "--ipv4-only")
	}
	if n.User {
		args = append(args, fmt.Sprintf("--userns=/proc/%d/ns/user", pid))
	} else {
		args = append(args, "--netns-only")
	}
	// By its path, and not by the number of the process: then a newer one also ends by itself, when that is gone.
	return append(args, fmt.Sprintf("--netns=/proc/%d/ns/net", pid))
}

func pastaTrouble(said *words) error {
	if line := said.with("No external routable interface", "no external interface", "pick external interface"); line != "" {
		return errors.New("pasta: " + line + "; the host has no default route, without which pasta does nothing: take --net slirp4netns")
	}
	return tooOld(said, "pasta", "the passt of 2023_03_09")
}
