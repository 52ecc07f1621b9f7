package test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestNetworkOfACreatedContainer: the network is there before start, a hook of the late half sees it, and an error of the command
// names the right step.
func TestNetworkOfACreatedContainer(t *testing.T) {
	c := newCaller(t)
	hooked := func(s *specs.Spec) {
		s.Hooks = &specs.Hooks{StartContainer: []specs.Hook{{Path: "/inside", Args: []string{"inside", "lo"}}}}
	}
	dir := c.bundle(inside("serve tcp :80 -- forever"), hooked)
	c.must("create", "-b", dir, "--net", "none", "-p", "0:80", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	p := c.network(c.id).Ports[0]
	c.must("start", c.id)
	c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
	c.must("delete", "--force", c.id)
	dir = c.bundle(args("/no-such-program"), hooked)
	c.urun("run", "-b", dir, "--net", "none", "-p", "0:80", c.id).exits(1).complains("/no-such-program", "no such file")
	c.nothingLeft()
}

// TestNetworkBesideJoinedNamespaces: the container is born a second time then.
func TestNetworkBesideJoinedNamespaces(t *testing.T) {
	c := newCaller(t)
	_, at := c.serving("serve tcp :80", "--net", "none", "-p", "0:80")
	first := c.state(c.id).Pid
	other := newCaller(t)
	dir := other.bundle(inside("serve tcp :81 -- ns ipc -- forever"),
		namespace(specs.UserNamespace, fmt.Sprintf("/proc/%d/ns/user", first)), namespace(specs.IPCNamespace, fmt.Sprintf("/proc/%d/ns/ipc", first)),
		func(s *specs.Spec) {
			s.Linux.UIDMappings, s.Linux.GIDMappings = nil, nil
			s.Annotations = map[string]string{"run.oci.keep_original_groups": "1"} // one id may be all that there is
		})
	other.must("run", "-d", "-b", dir, "--net", "none", "-p", "0:81", other.id)
	t.Cleanup(func() { other.urun("delete", "--force", other.id) })
	p := other.network(other.id).Ports[0]
	c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
	c.answers("tcp", at[0], "hello from 127.0.0.1")
	want, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", first))
	if got, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", other.state(other.id).Pid)); got == want || got == "" {
		t.Errorf("network namespaces %s and %s", want, got)
	}
}

// TestNetworkInATimeNamespace: with offsets the container is born a second time, too.
func TestNetworkInATimeNamespace(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("serve tcp :80 -- forever"), namespace(specs.TimeNamespace, ""), func(s *specs.Spec) {
		s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: 1000}}
	})
	c.must("run", "-d", "-b", dir, "--net", "none", "-p", "0:80", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	p := c.network(c.id).Ports[0]
	c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
}

// TestNetworkOfOneId, and of a caller who can map no more.
func TestNetworkOfOneId(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("serve tcp :80 -- cat /etc/hosts -- forever"), singleMap)
	c.wrap = []string{"setpriv", "--no-new-privs"}
	c.must("run", "-d", "-b", dir, "--net", "none", "-p", "0:80", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	p := c.network(c.id).Ports[0]
	c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
}

// TestNetworkWithoutTheCallersId: its files cannot be reached by the container then, and a notice says so; its ports work.
func TestNetworkWithoutTheCallersId(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("serve tcp :80 -- forever"))
	s := readSpec(t, dir)
	if len(s.Linux.UIDMappings) < 2 {
		t.Skip("the caller owns no other ids")
	}
	s.Linux.UIDMappings, s.Linux.GIDMappings = s.Linux.UIDMappings[1:], s.Linux.GIDMappings[1:]
	s.Linux.UIDMappings[0].ContainerID, s.Linux.GIDMappings[0].ContainerID = 0, 0
	open, err := os.MkdirTemp("/tmp", filepath.Base(c.dir)) // where others may go
	if err == nil {
		err = os.Chmod(open, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(open) })
	s.Root.Path = makeRootfs(t, filepath.Join(open, "rootfs"))
	c.rootfs = append(c.rootfs, s.Root.Path)
	writeSpec(t, dir, s)
	for _, d := range []string{"proc", "dev", "sys", "etc"} { // the container's root may make nothing there
		if err := os.Mkdir(filepath.Join(s.Root.Path, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := c.must("run", "-d", "-b", dir, "--net", "none", "-p", "0:80", c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	p := c.network(c.id).Ports[0]
	c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
	r.complains("URUN-NET-002")
}

// TestTwoContainersShareANetwork: the second reaches what the first has on its loopback, and has its names.
func TestTwoContainersShareANetwork(t *testing.T) {
	c := newCaller(t)
	first, at := c.serving("serve tcp 127.0.0.1:80", "--net", "none", "-p", "0:81", "--add-host", "db:192.0.2.7")
	second := first + "-second"
	r := c.urun("run", "-b", c.bundle(inside("dial tcp 127.0.0.1:80 neighbour -- cat /etc/hosts -- ns net")), "--net", "container:"+first, second)
	want, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", c.state(first).Pid))
	r.exits(0).silent().mentions("neighbour from 127.0.0.1", "192.0.2.7 db", want)

	dir := c.bundle(inside("serve tcp :81 -- forever"))
	c.must("create", "-b", dir, "--net", "container:"+first, second)
	t.Cleanup(func() { c.urun("delete", "--force", second) })
	c.must("start", second)
	c.answers("tcp", at[0], "hello from 127.0.0.1")
	c.must("delete", "--force", second)

	c.urun("run", "-b", dir, "--net", "container:"+first, "-p", "0:1", second).refuses(1, "urun port "+first+" -p")
	c.urun("run", "-b", dir, "--net", "container:nobody", second).refuses(1, "--net container:nobody", "does not exist")
	c.must("delete", "--force", first)
	hosts := c.detached(inside("forever"))
	c.urun("run", "-b", dir, "--net", "container:"+hosts, second).refuses(1, "has the host's own network")
}
