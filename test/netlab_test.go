package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// lab is a caller in a network namespace of the test's own, in which these servers answer:
//
//	192.0.2.2:7000      TCP and UDP: the world outside of a container
//	[2001:db8::2]:7000  the same by IPv6, for which there is a default route
//	127.0.0.1:7001      the host's loopback
//	127.0.0.53:53       whom the host asks for names; everybody's address is 192.0.2.2
//
// All traffic stays in there. The caller is root of a user namespace of one id, as in a CI job.
func lab(t *testing.T) *caller {
	t.Helper()
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	switch {
	case err == nil:
		_ = f.Close()
	case os.Getenv("URUN_TEST_TUN") != "":
		t.Fatal(err)
	default:
		t.Skip(err, "(hack/own-tun.sh gives one that may be used)")
	}
	c := newCaller(t)
	resolv := filepath.Join(c.dir, "resolv.conf")
	writeFile(t, resolv, "search lab.example\nnameserver 127.0.0.53\n")
	script := `set -e; ip link set lo up; ip addr add 192.0.2.2/24 dev lo; ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up; ip -6 addr add 2001:db8::2/64 dev v0 nodad; ip -6 route add default dev v0
mount --bind ` + resolv + ` "$(readlink -f /etc/resolv.conf)"; echo holder $$; exec "$@"`
	l := c.launchCommand(nil, "unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, c.id, insidePath,
		"serve", "tcp", ":7000", "--", "serve", "udp", "192.0.2.2:7000", "--", "serve", "tcp", "127.0.0.1:7001",
		"--", "names", "127.0.0.53:53", "192.0.2.2", "--", "print", "ready", "--", "forever")
	l.expect("ready")
	_, rest, _ := strings.Cut(l.out.String(), "holder ")
	pid := strings.Fields(rest)[0]
	c.wrap = []string{"nsenter", "--target", pid, "--user", "--net", "--mount", "--preserve-credentials", "--wdns=/"}
	t.Cleanup(func() {
		l.signal(os.Kill)
		l.wait()
	})
	return c
}

// connected is a bundle with a network namespace, for a caller in the lab.
func connected(words string) []change {
	return []change{inside(words), nested, namespace(specs.NetworkNamespace, "")}
}

// TestOutOfTheContainer: by TCP, by UDP and by name to a server outside, and to no server of the host's loopback.
func TestOutOfTheContainer(t *testing.T) {
	c := lab(t)
	dir := c.bundle(connected("addr tap0 -- dial tcp 192.0.2.2:7000 out -- dial udp 192.0.2.2:7000 out -- lookup db.example -- " +
		"dial tcp db:7000 name -- cat /etc/resolv.conf -- cat /etc/hosts")...)
	c.urun("run", "-b", dir, "--net", "auto", c.id).exits(0).silent().mentions("10.0.2.100/24", "out from ", "192.0.2.2\n", "name from ",
		"search lab.example\nnameserver 10.0.2.3\n", "10.0.2.100 urun\n")
	c.urun("run", "-b", c.bundle(connected("dial tcp 10.0.2.2:7001 in")...), "--net", "auto", c.id).exits(1).complains("dial tcp 10.0.2.2:7001")
	c.urun("run", "-b", c.bundle(connected("dial tcp 10.0.2.2:7001 in")...), "--net", "auto", "--net-host-loopback", c.id).exits(0).prints("in from 127.0.0.1")
	c.urun("run", "-b", c.bundle(connected("redial tcp [2001:db8::2]:7000 six -- dial tcp [fd00::2]:7000 loopback")...), "--net", "auto", c.id).
		exits(1).mentions("six from 2001:db8::2").complains("dial tcp [fd00::2]:7000")
	c.urun("run", "-b", c.bundle(connected("dial tcp 192.0.2.2:7000 x -- abstract")...), "--net", "none", c.id).exits(1).complains("network is unreachable")
}

// TestOutOfTheContainerPortsLeadIn: who comes by a port for all comes from outside, also inside.
func TestOutOfTheContainerPortsLeadIn(t *testing.T) {
	c := lab(t)
	dir := c.bundle(connected("serve tcp :80 -- serve tcp 127.0.0.1:81 -- forever")...)
	c.must("run", "-d", "-b", dir, "--net", "slirp4netns", "-p", "8000:80", "-p", "192.0.2.2:8000:80", "-p", "8001:81", "-p", "192.0.2.2:8001:81", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	ask := func(at string) string {
		r := c.launchCommand(nil, append(append([]string{}, c.wrap...), insidePath, "dial", "tcp", at, "hi")...).wait()
		return strings.TrimSpace(r.stdout)
	}
	for at, want := range map[string]string{
		"127.0.0.1:8000": "hi from 127.0.0.1", "192.0.2.2:8000": "hi from 10.0.2.100", "127.0.0.1:8001": "hi from 127.0.0.1", "192.0.2.2:8001": "",
	} {
		eventually(t, fmt.Sprintf("%s answers %q", at, want), func() bool { return ask(at) == want })
	}
}

// TestOutOfTheContainerHelperFails: a slirp4netns that is too old, or dies at once, is told of, and nothing is left.
func TestOutOfTheContainerHelperFails(t *testing.T) {
	c := lab(t)
	bin := filepath.Join(c.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, e := range c.env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			c.env[i] = "PATH=" + bin + ":" + path
		}
	}
	dir := c.bundle(connected("id")...)
	for script, want := range map[string]string{
		"echo \"slirp4netns: unrecognized option '--enable-seccomp'\" >&2; exit 1": "slirp4netns is too old",
		"exit 3":               "slirp4netns: exit status 3",
		"kill -9 $$":           "slirp4netns: SIGKILL",
		"echo out of luck >&2": "slirp4netns: out of luck",
	} {
		if err := os.WriteFile(filepath.Join(bin, "slirp4netns"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		c.urun("run", "-b", dir, "--net", "auto", "-p", "0:80", c.id).refuses(1, want)
		if left := c.stateDirs(); len(left) > 0 {
			t.Errorf("%s: left: %v", script, left)
		}
		if m := c.monitors(); len(m) > 0 {
			t.Errorf("%s: left: %v", script, m)
		}
	}
}

// TestOutOfTheContainerHelperIsKilled: state tells, and the container goes on.
func TestOutOfTheContainerHelperIsKilled(t *testing.T) {
	c := lab(t)
	c.must("run", "-d", "-b", c.bundle(connected("forever")...), "--net", "auto", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	for _, pid := range helpersOf(c.watched(c.id).Monitor.Pid) {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.TrimSpace(string(name)) == "slirp4netns" {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "state tells", func() bool {
		return c.network(c.id).Lost == "slirp4netns has ended before the container: SIGKILL"
	})
	if s := c.state(c.id); s.Status != specs.StateRunning {
		t.Errorf("the container is %s", s.Status)
	}
}
