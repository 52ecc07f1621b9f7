package plan_test

import (
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
)

// networked is a host with these facts about networks.
func networked(facts plan.NetworkFacts) plan.Host {
	h := hosts["full"]
	h.Network = &facts
	return h
}

var (
	withSlirp = plan.NetworkFacts{Slirp: "/usr/bin/slirp4netns", Resolv: "search example\n", LowPorts: 1024}
	withPasta = plan.NetworkFacts{Pasta: "/usr/bin/pasta", IPv4: true, LowPorts: 1024}
	bare      = plan.NetworkFacts{IPv4: true, LowPorts: 1024}
)

// having are these facts with something else.
func having(f plan.NetworkFacts, change func(*plan.NetworkFacts)) plan.NetworkFacts {
	change(&f)
	return f
}

func old(f *plan.NetworkFacts)     { f.OldPasta = true }
func noRoute(f *plan.NetworkFacts) { f.IPv4 = false }
func both(f *plan.NetworkFacts)    { f.Slirp = "/usr/bin/slirp4netns" }
func noTun(f *plan.NetworkFacts) {
	f.Tun, f.TunFix = "/dev/net/tun does not exist", "as root: modprobe tun"
}

const ownNet = `, "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "user"}, {"type": "uts"}, {"type": "network"}]}`

func annotated(pairs ...string) string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, `"`+pairs[i]+`": "`+pairs[i+1]+`"`)
	}
	return `{"hostname": "web", "annotations": {` + strings.Join(list, ", ") + `}`
}

// TestNetworkModes: what is asked, and what a host with or without a helper makes of it.
func TestNetworkModes(t *testing.T) {
	for _, c := range []struct {
		facts             plan.NetworkFacts
		config            string
		want, born, steps string // the mode as printed; a namespace; part of the plan
	}{
		{withSlirp, annotated(network.KeyNet, "auto") + ownNet, "slirp4netns by urun-monitor", "net", "call out: network"},
		{bare, annotated(network.KeyNet, "auto") + ownNet, "none", "net", "notice URUN-NET-001"},
		{bare, annotated(network.KeyPublish, "8080:80") + ownNet, "none by urun-monitor, ports 127.0.0.1:8080:80/tcp", "net", "call out: network"},
		{withSlirp, annotated(network.KeyNet, "none") + ownNet, "none", "net", "bring lo up"},
		{withSlirp, annotated(network.KeyNet, "none") + linuxOf("uts"), "none", "net", "bring lo up"},
		{withSlirp, annotated(network.KeyNet, "auto") + linuxOf("uts"), "host", "", ""},
		{withSlirp, annotated(network.KeyPublish, "0:80") + linuxOf("uts"), "slirp4netns by urun-monitor, ports 127.0.0.1:0:80/tcp", "net", "call out: network"},
		{withSlirp, annotated(network.KeyNet, "host") + ownNet, "host", "", ""},
		{withSlirp, annotated(network.KeyNet, "slirp4netns") + ownNet, "slirp4netns by urun-monitor", "net", "/etc/resolv.conf"},
		{withPasta, annotated(network.KeyNet, "auto") + ownNet, "pasta by urun-monitor", "net", "/etc/resolv.conf"},
		{having(withPasta, both), annotated(network.KeyNet, "auto") + ownNet, "pasta by urun-monitor", "net", "call out: network"},
		{having(having(withPasta, both), old), annotated(network.KeyNet, "auto") + ownNet, "slirp4netns by urun-monitor", "net", "call out: network"},
		{having(having(withPasta, both), noRoute), annotated(network.KeyNet, "auto") + ownNet, "slirp4netns by urun-monitor", "net", "call out: network"},
		{having(having(withPasta, both), noTun), annotated(network.KeyNet, "auto") + ownNet, "none", "net", "(/dev/net/tun does not exist)"},
		{having(withPasta, old), annotated(network.KeyNet, "auto") + ownNet, "none", "net", "install the package slirp4netns"},
		{having(withPasta, old), annotated(network.KeyNet, "pasta") + ownNet, "pasta by urun-monitor", "net", "call out: network"},
		{bare, annotated(network.KeyNet, "auto") + ownNet, "none", "net", "install the package passt or slirp4netns"},
	} {
		spec := with(t, c.config+"}")
		before := len(spec.Linux.Namespaces)
		p, err := plan.Compile(spec, networked(c.facts), options())
		if err != nil {
			t.Errorf("%s: %v", c.config, err)
			continue
		}
		printed := p.String()
		if p.Network.String() != c.want || !strings.Contains(printed, c.steps) {
			t.Errorf("%s: network %s, want %s, with %q\n%s", c.config, p.Network, c.want, c.steps, printed)
		}
		if got := p.Birth.Own&unix.CLONE_NEWNET != 0; got != (c.born != "") {
			t.Errorf("%s: born in\n%s", c.config, printed)
		}
		if len(spec.Linux.Namespaces) != before {
			t.Errorf("%s: the config was changed", c.config)
		}
	}
}

func linuxOf(kinds ...string) string {
	s := `, "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "user"}`
	for _, k := range kinds {
		s += `, {"type": "` + k + `"}`
	}
	return s + "]}"
}

// TestNetworkRefused: what cannot be had, with the reason and what to do.
func TestNetworkRefused(t *testing.T) {
	joins := `, "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "network", "path": "/proc/7/ns/net"}]}`
	for _, c := range []struct {
		facts        plan.NetworkFacts
		config, want string
	}{
		{bare, annotated(network.KeyNet, "pasta") + ownNet, "--net pasta: pasta is not installed; install the package passt"},
		{having(withPasta, noTun), annotated(network.KeyNet, "pasta") + ownNet, "--net pasta: /dev/net/tun does not exist; as root: modprobe tun"},
		{having(withPasta, noRoute), annotated(network.KeyNet, "pasta") + ownNet, "--net pasta: the host has no default route for IPv4, without which pasta does nothing; take --net slirp4netns"},
		{bare, annotated(network.KeyNet, "slirp4netns") + ownNet, "--net slirp4netns: slirp4netns is not installed; install the package slirp4netns"},
		{withSlirp, annotated(network.KeyNet, "host", network.KeyPublish, "8080:80") + ownNet, "-p: the container has the host's own network"},
		{withSlirp, annotated(network.KeyNet, "host", network.KeyLoopback, "true") + ownNet, "--net-host-loopback: the container has the host's own network"},
		{withSlirp, annotated(network.KeyLoopback, "true") + linuxOf("uts"), "--net-host-loopback: the container has the host's own network"},
		{withSlirp, annotated(network.KeyNet, "none", network.KeyLoopback, "true") + ownNet, "--net-host-loopback: --net none has no way out"},
		{withSlirp, annotated(network.KeyPublish, "80:80") + ownNet, "-p 127.0.0.1:80:80/tcp: ports below 1024 are root's; take 8080, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=80"},
		{withSlirp, annotated(network.KeyPublish, "8080:80") + joins, "-p: linux.namespaces joins a network namespace by its path"},
		{withSlirp, annotated(network.KeyNet, "none") + joins, "--net none: linux.namespaces joins a network namespace by its path"},
		{withSlirp, annotated(network.KeyNet, "bridge") + ownNet, `--net (dev.urun.net): "bridge" is none of auto, host, none, pasta, slirp4netns, container:ID`},
		{withSlirp, annotated(network.KeyPublish, "x") + ownNet, `-p (dev.urun.publish): "x": want [IP:]HOST:CONTAINER`},
	} {
		_, err := plan.Compile(with(t, c.config+"}"), networked(c.facts), options())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.config, err, c.want)
		}
	}
	h := networked(withSlirp)
	h.NoMonitor = "urun-monitor is nowhere"
	if _, err := plan.Compile(with(t, annotated(network.KeyPublish, "8080:80")+ownNet+"}"), h, options()); err == nil || err.Error() != "-p: urun-monitor is nowhere" {
		t.Error(err)
	}
}

// TestNetworkFilesGiveWay: the user's own mounts win, and a port for this machine only leads elsewhere than one for all.
func TestNetworkFilesGiveWay(t *testing.T) {
	spec := with(t, annotated(network.KeyPublish, "8080:80,0.0.0.0:9090:90", network.KeyDNS, "192.0.2.53", network.KeyAddHost, "db:192.0.2.7")+ownNet+"}")
	spec.Mounts = []specs.Mount{{Destination: "/etc//hosts", Source: "/srv/hosts", Type: "bind"}}
	p, err := plan.Compile(spec, networked(withSlirp), options())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range p.Network.Files {
		names = append(names, f.Name+": "+string(f.Content))
	}
	if got := strings.Join(names, "|"); got != "resolv.conf: search example\nnameserver 192.0.2.53\n|hostname: web\n" {
		t.Errorf("%q", got)
	}
	ports := p.Network.Duty.Network.Ports
	if ports[0].ContainerIP != "127.0.0.1" || ports[1].ContainerIP != network.Address {
		t.Errorf("%+v", ports)
	}
	spec.Mounts = []specs.Mount{{Destination: "/etc", Source: "/srv/etc", Type: "bind"}}
	if p, err = plan.Compile(spec, networked(withSlirp), options()); err != nil || len(p.Network.Files) != 0 {
		t.Errorf("%+v, %v", p.Network, err)
	}
}

// TestNetworkLeak: who may send what it likes reaches the host's loopback by a pasta that is not recent, which is told, and is kept
// from it otherwise.
func TestNetworkLeak(t *testing.T) {
	for _, c := range []struct {
		facts plan.NetworkFacts
		mode  string
		caps  []string
		open  string
		able  bool
		told  bool
	}{
		{withSlirp, "slirp4netns", []string{"CAP_NET_RAW"}, "", true, false},
		{withSlirp, "slirp4netns", []string{"CAP_KILL"}, "", false, false},
		{withPasta, "pasta", []string{"CAP_NET_ADMIN"}, "", true, false},
		{having(withPasta, old), "pasta", []string{"CAP_NET_ADMIN"}, "", true, true},
		{having(withPasta, old), "pasta", []string{"CAP_NET_ADMIN"}, "true", true, false},
		{having(withPasta, old), "pasta", nil, "", false, false},
	} {
		spec := with(t, annotated(network.KeyNet, c.mode, network.KeyLoopback, c.open)+ownNet+"}")
		spec.Process.Capabilities = &specs.LinuxCapabilities{Bounding: c.caps}
		p, err := plan.Compile(spec, networked(c.facts), options())
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(p.String(), "URUN-NET-003"); told != c.told {
			t.Errorf("%+v:\n%s", c, p)
		}
		if got := p.Network.Duty.Network.Crafts; got != c.able {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
