package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// lab is a caller in a network namespace of the test's own, in which these servers answer:
//
//	192.0.2.2:7000      TCP and UDP: the world outside of a container
//	169.254.169.254     the same, where clouds tell a machine of itself
//	[2001:db8::2]:7000  the same by IPv6; there are default routes for both
//	127.0.0.1:7001      the host's loopback; [::1]:7001, too
//	127.0.0.53:53       whom the host asks for names; everybody's address is 192.0.2.2
//
// All traffic stays in there. The caller is root of a user namespace of one id, as in a CI job.
func lab(t *testing.T) *caller {
	t.Helper()
	needTun(t)
	c := newCaller(t)
	resolv := filepath.Join(c.dir, "resolv.conf")
	writeFile(t, resolv, "search lab.example\nnameserver 127.0.0.53\n")
	script := `set -e; ip link set lo up; ip addr add 192.0.2.2/24 dev lo; ip addr add 169.254.169.254/32 dev lo; ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up; ip -6 addr add 2001:db8::2/64 dev v0 nodad; ip -6 route add default dev v0
ip addr add 198.51.100.2/24 dev v0; ip route add default dev v0; ip route add unreachable 10.0.0.0/8
mount --bind ` + resolv + ` "$(readlink -f /etc/resolv.conf)"; echo holder $$; exec "$@"`
	l := c.launchCommand(nil, "unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, c.id, insidePath,
		"serve", "tcp", ":7000", "--", "serve", "udp", "192.0.2.2:7000", "--", "serve", "tcp", "127.0.0.1:7001",
		"--", "serve", "tcp", "[::1]:7001", "--", "names", "127.0.0.53:53", "192.0.2.2", "--", "print", "ready", "--", "forever")
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

func needTun(t *testing.T) {
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
}

// connected is a bundle with a network namespace, for a caller in the lab.
func connected(words string) []change {
	return []change{inside(words), nested, namespace(specs.NetworkNamespace, "")}
}

// waysOut are the programs by which a container gets out.
var waysOut = []string{"slirp4netns", "pasta"}

// byEachWay does the same with each of them, in a lab of its own.
func byEachWay(t *testing.T, do func(t *testing.T, c *caller, way string)) {
	for _, way := range waysOut {
		t.Run(way, func(t *testing.T) { do(t, lab(t), way) })
	}
}

// within has a command executed in the lab, and returns what it prints.
func (c *caller) within(command ...string) string {
	r := c.launchCommand(nil, append(append([]string{}, c.wrap...), command...)...).wait()
	return strings.TrimSpace(r.stdout)
}

// helper is the program that carries the bytes of a container.
func (c *caller) helper(id string) int {
	c.t.Helper()
	for _, pid := range helpersOf(c.watched(id).Monitor.Pid) {
		if cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); !strings.HasPrefix(string(cmdline), "urun-monitor\x00") {
			return pid
		}
	}
	c.t.Fatal("the container has no helper")
	return 0
}
