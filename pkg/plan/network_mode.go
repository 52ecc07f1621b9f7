package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
)

// NetworkFacts are what a host has for the networks of containers. They are looked for only when something asks.
type NetworkFacts struct {
	Slirp    string // path of slirp4netns; empty: it is not installed
	Pasta    string // the same of pasta
	OldPasta bool   // it is from before network.PastaSince
	Tun      string // why /dev/net/tun cannot be used, which both need; empty: it can
	TunFix   string
	IPv4     bool   // there is a default route for it
	IPv6     bool   // the same
	Resolv   string // content of /etc/resolv.conf
	LowPorts int    // ports below this number are root's (net.ipv4.ip_unprivileged_port_start)
}

func (f *NetworkFacts) program(mode string) string {
	if mode == network.Pasta {
		return f.Pasta
	}
	return f.Slirp
}

// trouble is why a program cannot be had, and what to do; empty: it can.
type trouble struct{ why, fix string }

func (c *compiler) slirpTrouble(f *NetworkFacts) trouble {
	if f.Slirp == "" {
		return trouble{"slirp4netns is not installed", "install the package slirp4netns"}
	}
	return c.helperTrouble(f)
}

func (c *compiler) pastaTrouble(f *NetworkFacts) trouble {
	switch {
	case f.Pasta == "":
		return trouble{"pasta is not installed", "install the package passt"}
	case !f.IPv4:
		return trouble{"the host has no default route for IPv4, without which pasta does nothing", "take --net slirp4netns, or add a route"}
	}
	return c.helperTrouble(f)
}

// helperTrouble is what both need.
func (c *compiler) helperTrouble(f *NetworkFacts) trouble {
	switch {
	case f.Tun != "":
		return trouble{f.Tun, f.TunFix}
	case c.host.NoMonitor != "":
		return trouble{c.host.NoMonitor, "install " + companion.Name + " beside urun"}
	}
	return trouble{}
}

// networkMode turns network.Auto into one that can be had, and refuses what cannot.
func (c *compiler) networkMode(w network.Wish, own bool) (string, error) {
	if c.opt.Network != "" {
		return c.opt.Network, nil
	}
	facts := c.host.Network
	if facts == nil {
		facts = &NetworkFacts{}
	}
	switch {
	case w.Mode == network.Host && len(w.Ports) > 0:
		return "", errors.New("-p: the container has the host's own network, where its ports are open already; leave -p out, or take --net auto")
	case w.Mode == network.Host, w.Mode == network.Auto && !own && len(w.Ports) == 0:
		return network.Host, nil
	case len(w.Ports) > 0 && c.host.NoMonitor != "":
		return "", errors.New("-p: " + c.host.NoMonitor)
	case w.Mode == network.None:
		return network.None, nil
	case w.Mode == network.Slirp:
		return w.Mode, c.slirpTrouble(facts).error(w.Mode)
	case w.Mode == network.Pasta:
		return w.Mode, c.pastaTrouble(facts).error(w.Mode)
	}
	return c.autoNetwork(w, facts), nil
}

func (t trouble) error(mode string) error {
	if t.why == "" {
		return nil
	}
	return errors.New("--net " + mode + ": " + t.why + "; " + t.fix)
}

// autoNetwork prefers pasta, if it is not too old; slirp4netns is the other choice. Without either there is no way out.
func (c *compiler) autoNetwork(w network.Wish, f *NetworkFacts) string {
	pasta, slirp := c.pastaTrouble(f), c.slirpTrouble(f)
	if pasta.why == "" && f.OldPasta {
		pasta = trouble{"pasta is older than " + network.PastaSince, "take it as it is with --net pasta"}
	}
	switch {
	case pasta.why == "":
		return network.Pasta
	case slirp.why == "":
		return network.Slirp
	case f.Pasta == "" && f.Slirp == "":
		slirp = trouble{"neither pasta nor slirp4netns is installed", "install the package passt or slirp4netns"}
	case f.Slirp == "": // and pasta is there
		slirp = trouble{pasta.why + ", and " + slirp.why, slirp.fix}
	}
	got := "nothing but its own loopback interface"
	if len(w.Ports) > 0 {
		got += "; its published ports work"
	}
	c.note(Notice{Code: "URUN-NET-001", Want: "--net auto", Got: got, Why: slirp.why, Fix: slirp.fix})
	return network.None
}

// crafters are those of the container's capabilities with which a process sends what it likes.
func (c *compiler) crafters() (able []string) {
	if c.spec.Process == nil || c.spec.Process.Capabilities == nil {
		return nil
	}
	caps := c.spec.Process.Capabilities
	for _, name := range []string{"CAP_NET_ADMIN", "CAP_NET_RAW"} {
		for _, set := range [][]string{caps.Bounding, caps.Effective, caps.Permitted, caps.Inheritable, caps.Ambient} {
			if slices.Contains(set, name) {
				able = append(able, name)
				break
			}
		}
	}
	return able
}

// tellLeak tells what an old pasta does not keep from such processes: it opens a connection to whatever address a packet names, and
// that may be 127.0.0.1.
func (c *compiler) tellLeak(able []string) {
	c.note(Notice{
		Code: "URUN-NET-003", Want: "a container that cannot reach the host's loopback",
		Got: "its processes with " + strings.Join(able, " or ") + " can",
		Why: "pasta from before " + network.PastaSince + " passes on what they send to 127.0.0.1",
		Fix: "take --net slirp4netns, remove the capability, or install passt of " + network.PastaSince + " or newer",
	})
}
