package test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestOutOfTheContainer: by TCP, by UDP and by name to a server outside, and to no server of the host's loopback.
func TestOutOfTheContainer(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("addr tap0 -- dial tcp 192.0.2.2:7000 out -- dial udp 192.0.2.2:7000 out -- lookup db.example -- " +
			"dial tcp db:7000 name -- dial tcp 169.254.169.254:7000 cloud -- cat /etc/resolv.conf -- cat /etc/hosts")...)
		c.urun("run", "-b", dir, "--net", way, c.id).exits(0).silent().mentions("10.0.2.100/24", "mtu 65520", "out from ", "192.0.2.2\n", "name from ", "cloud from ",
			"search lab.example\nnameserver 10.0.2.3\n", "10.0.2.100 urun\n")
		in := c.bundle(connected("dial tcp 10.0.2.2:7001 in -- redial tcp [fd00::2]:7001 six")...)
		c.urun("run", "-b", in, "--net", way, "--net-host-loopback", c.id).exits(0).prints("in from 127.0.0.1", "six from ::1")
		dir = c.bundle(connected("redial tcp [2001:db8::2]:7000 six -- shut tcp 10.0.2.2:7001 -- shut tcp [fd00::2]:7001")...)
		c.urun("run", "-b", dir, "--net", way, c.id).exits(0).mentions("six from 2001:db8::2", "10.0.2.2:7001 is shut", "[fd00::2]:7001 is shut")
		c.nothingLeft()
	})
}

// TestOutOfTheContainerEachTime: what a helper says beside being ready is not taken for that, nor does it die of not being heard.
func TestOutOfTheContainerEachTime(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("dial tcp 192.0.2.2:7000 out -- dial udp 192.0.2.2:7000 out")...)
		for range 25 {
			c.urun("run", "-b", dir, "--net", way, c.id).exits(0).silent()
		}
	})
}

// TestOutOfTheContainerNowhere: without a way out there is none, nor to abstract sockets of the host.
func TestOutOfTheContainerNowhere(t *testing.T) {
	c := lab(t)
	c.urun("run", "-b", c.bundle(connected("dial tcp 192.0.2.2:7000 x -- abstract")...), "--net", "none", c.id).exits(1).complains("network is unreachable")
}

// TestOutOfTheContainerPortsLeadIn: who comes by a port for all comes from outside, also inside; and many come at once.
func TestOutOfTheContainerPortsLeadIn(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("serve tcp :80 -- serve tcp 127.0.0.1:81 -- serve udp :82 -- forever")...)
		c.must("run", "-d", "-b", dir, "--net", way, "-p", "8000:80", "-p", "192.0.2.2:8000:80", "-p", "8001:81", "-p", "192.0.2.2:8001:81",
			"-p", "8002:82/udp", "-p", "[::1]:8000:80", c.id)
		t.Cleanup(func() { c.urun("delete", "--force", c.id) })
		for at, want := range map[string]string{
			"tcp 127.0.0.1:8000": "hi from 127.0.0.1", "tcp 192.0.2.2:8000": "hi from 10.0.2.100", "tcp 127.0.0.1:8001": "hi from 127.0.0.1",
			"tcp 192.0.2.2:8001": "", "udp 127.0.0.1:8002": "hi from 127.0.0.1", "tcp [::1]:8000": "hi from 127.0.0.1",
		} {
			proto, at, _ := strings.Cut(at, " ")
			eventually(t, fmt.Sprintf("%s answers %q", at, want), func() bool { return c.within(insidePath, "dial", proto, at, "hi") == want })
		}
		c.must("delete", "--force", c.id)
		c.nothingLeft()
	})
}

// TestOutOfTheContainerManyAtOnce: a hundred connections out, and a hundred in, each of which gets its own answer.
func TestOutOfTheContainerManyAtOnce(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("serve tcp :80 -- crowd tcp 192.0.2.2:7000 100 -- forever")...)
		l := c.launch(nil, "run", "-b", dir, "--net", way, "-p", "192.0.2.2:8000:80", c.id)
		t.Cleanup(func() { c.urun("delete", "--force", c.id) })
		l.expect("100 at once")
		if got := c.within(insidePath, "crowd", "tcp", "192.0.2.2:8000", "100"); got != "100 at once" {
			t.Errorf("%q", got)
		}
		c.must("delete", "--force", c.id)
		l.wait()
		c.nothingLeft()
	})
}

// TestOutOfTheContainerByACraftedAddress: a process that may change the routes sends to 127.0.0.1, and gets to the host's loopback
// if, and only if, a notice has said so, as it does for an old pasta.
func TestOutOfTheContainerByACraftedAddress(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		able := func(s *specs.Spec) {
			s.Process.Capabilities = &specs.LinuxCapabilities{Bounding: []string{"CAP_NET_ADMIN", "CAP_KILL"}}
		}
		r := c.must("run", "-d", "-b", c.bundle(append(connected("forever"), able)...), "--net", way, c.id)
		t.Cleanup(func() { c.urun("delete", "--force", c.id) })
		pasta, _ := exec.LookPath("pasta")
		old := way == "pasta" && !strings.Contains(readFile(t, pasta), "map-host-loopback")
		if told := strings.Contains(r.stderr, "URUN-NET-003"); told != old {
			t.Errorf("it is an old pasta: %v, and a notice tells: %v", old, told)
		}
		dial := func(command string) string {
			craft := "ip addr del 127.0.0.1/8 dev lo; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet; exec " + insidePath + " " + command
			return c.within("nsenter", "--target", fmt.Sprint(c.state(c.id).Pid), "--user", "--net", "--preserve-credentials", "sh", "-c", craft)
		}
		if got := dial("dial tcp 192.0.2.2:7000 out"); got != "out from 192.0.2.2" {
			t.Errorf("to the others: %q", got)
		}
		if old {
			if got := dial("dial tcp 127.0.0.1:7001 crafted"); got != "crafted from 127.0.0.1" {
				t.Errorf("what the notice tells is not true: %q", got)
			}
		} else if got := dial("shut tcp 127.0.0.1:7001"); got != "127.0.0.1:7001 is shut" {
			t.Errorf("the host's loopback: %q", got)
		}
	})
}

// TestOutOfTheContainerByItself: which way auto takes, and what it takes without a default route.
func TestOutOfTheContainerByItself(t *testing.T) {
	c := lab(t)
	pasta, _ := exec.LookPath("pasta")
	want := "slirp4netns"
	if strings.Contains(readFile(t, pasta), "map-host-loopback") {
		want = "pasta"
	}
	mode := func() string {
		c.must("run", "-d", "-b", c.bundle(connected("forever")...), "--net", "auto", c.id)
		defer c.must("delete", "--force", c.id)
		return c.network(c.id).Mode
	}
	if got := mode(); got != want {
		t.Errorf("auto is %s, want %s", got, want)
	}
	c.within("ip", "route", "del", "default")
	if got := mode(); got != "slirp4netns" {
		t.Errorf("without a default route auto is %s", got)
	}
	c.urun("run", "-b", c.bundle(connected("id")...), "--net", "pasta", c.id).refuses(1, "no default route for IPv4", "take --net slirp4netns")
	c.nothingLeft()
}

// TestOutOfTheContainerWithManyIds: the same outside of the lab, as the caller is, with all the ids that belong to it.
func TestOutOfTheContainerWithManyIds(t *testing.T) {
	needTun(t)
	for _, way := range waysOut {
		c := newCaller(t)
		dir := c.bundle(inside("addr tap0 -- serve tcp :80 -- forever"), namespace(specs.NetworkNamespace, ""))
		r := c.urun("run", "-d", "-b", dir, "--net", way, "-p", "0:80", c.id)
		if route, _ := os.ReadFile("/proc/net/route"); way == "pasta" && !strings.Contains(string(route), "\t00000000\t") {
			r.refuses(1, "no default route")
			continue
		}
		r.exits(0)
		t.Cleanup(func() { c.urun("delete", "--force", c.id) })
		p := c.network(c.id).Ports[0]
		c.answers("tcp", fmt.Sprintf("%s:%d", p.HostIP, p.HostPort), "hello from 127.0.0.1")
		helper := c.helper(c.id)
		if err := syscall.Kill(c.watched(c.id).Monitor.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the helper ends", func() bool { return isGone(helper) })
		c.must("delete", "--force", c.id)
		c.nothingLeft()
	}
}
