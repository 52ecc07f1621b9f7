package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
)

// Network is what is done beyond the config's network namespace.
type Network struct {
	Mode  string          // never network.Auto
	Duty  *companion.Duty // what urun-monitor does; nil: nothing
	Files []NetworkFile   // that are mounted into the container
}

// NetworkFile is made in the container's state directory.
type NetworkFile struct {
	Name    string // in that directory
	Content []byte
}

// NetworkCall is the number of the call-out at which the container gets its network.
const NetworkCall = 1 << 16

func (n *Network) String() string {
	switch {
	case n.Duty == nil:
		return n.Mode
	case len(n.Duty.Network.Ports) == 0:
		return n.Mode + " by " + companion.Name
	}
	var ports []string
	for _, p := range n.Duty.Network.Ports {
		ports = append(ports, p.String())
	}
	return n.Mode + " by " + companion.Name + ", ports " + strings.Join(ports, " ")
}

// network decides which network the container has, where the config's annotations ask for one. It changes the namespaces of a
// copy of the config.
func (c *compiler) network() error {
	w, err := network.Parse(c.spec.Annotations)
	if err != nil || w.Mode == "" {
		return err
	}
	list := c.spec.Linux.Namespaces
	at := slices.IndexFunc(list, func(n specs.LinuxNamespace) bool { return n.Type == specs.NetworkNamespace })
	if at >= 0 && list[at].Path != "" {
		return c.joinedNetwork(w)
	}
	mode, err := c.networkMode(w, at >= 0)
	if err != nil {
		return err
	}
	c.plan.Network = &Network{Mode: mode}
	switch {
	case mode == network.Host && at >= 0:
		c.setNamespaces(slices.Delete(slices.Clone(list), at, at+1))
	case mode != network.Host && at < 0:
		c.setNamespaces(append(slices.Clone(list), specs.LinuxNamespace{Type: specs.NetworkNamespace}))
	}
	c.wish = w
	return c.networkDuty()
}

func (c *compiler) setNamespaces(list []specs.LinuxNamespace) {
	spec, linux := *c.spec, *c.spec.Linux
	linux.Namespaces = list
	spec.Linux = &linux
	c.spec = &spec
}

// joinedNetwork is for a network namespace that was made before, and has what it has.
func (c *compiler) joinedNetwork(w network.Wish) error {
	switch {
	case strings.HasPrefix(w.Mode, network.Of) && len(w.Ports)+len(w.DNS)+len(w.Hosts) > 0:
		return fmt.Errorf("--net %s: ports, nameservers and hosts are those of that container; urun port %s -p … publishes more",
			w.Mode, strings.TrimPrefix(w.Mode, network.Of))
	case strings.HasPrefix(w.Mode, network.Of):
		c.plan.Network = &Network{Mode: w.Mode}
		return nil
	case len(w.Ports) > 0:
		return errors.New("-p: linux.namespaces joins a network namespace by its path; publish ports where that one is made")
	case w.Mode != network.Auto:
		return fmt.Errorf("--net %s: linux.namespaces joins a network namespace by its path; remove the path or --net", w.Mode)
	}
	return nil
}

// networkDuty is what urun-monitor has to do for the network.
func (c *compiler) networkDuty() error {
	n := c.plan.Network
	switch {
	case c.wish.Loopback && n.Mode == network.Host:
		return errors.New("--net-host-loopback: the container has the host's own network, and its loopback as 127.0.0.1; leave it out, or take --net auto")
	case c.wish.Loopback && c.wish.Mode == network.None:
		return errors.New("--net-host-loopback: --net none has no way out; take --net auto")
	case !network.LeadsOut(n.Mode) && len(c.wish.Ports) == 0:
		return nil
	}
	facts := c.host.Network
	if facts == nil {
		facts = &NetworkFacts{}
	}
	ports, err := LeadIn(c.wish.Ports, n.Mode, facts.LowPorts)
	if err != nil {
		return err
	}
	duty := &companion.Network{Mode: n.Mode, Loopback: c.wish.Loopback, Ports: ports}
	if network.LeadsOut(n.Mode) {
		duty.Program, duty.MTU, duty.IPv6 = facts.program(n.Mode), network.MTU, facts.IPv6
		able := c.crafters()
		duty.Crafts = len(able) > 0
		if duty.Crafts && !duty.Loopback && n.Mode == network.Pasta && facts.OldPasta {
			c.tellLeak(able)
		}
	}
	n.Duty = &companion.Duty{Kind: companion.Net, Network: duty}
	return nil
}

// LeadIn completes ports to be published with the address in the container, whose network has this mode, that each leads to. Ports
// below low are the host's root's, and refused.
func LeadIn(ports []companion.Port, mode string, low int) ([]companion.Port, error) {
	ports = slices.Clone(ports)
	for i, p := range ports {
		if p.HostPort != 0 && p.HostPort < low {
			return nil, fmt.Errorf("-p %s: ports below %d are root's; take %d, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=%d",
				p, low, p.HostPort+8000, p.HostPort)
		}
		ports[i].ContainerIP = inside(p, mode)
	}
	return ports, nil
}

// inside is the address in the container that a published port leads to. What only this machine reaches may reach what listens on
// the container's loopback; what others reach may not, for many servers trust whoever comes from there.
func inside(p companion.Port, mode string) string {
	if network.LeadsOut(mode) && !strings.HasPrefix(p.HostIP, "127.") && p.HostIP != "::1" {
		return network.Address
	}
	return "127.0.0.1"
}
