package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// networked is what state says about the network of a container.
type networked struct {
	Mode, Lost string
	Ports      []struct {
		Proto, HostIP           string
		HostPort, ContainerPort int
	}
}

func (c *caller) network(id string) networked {
	c.t.Helper()
	r := c.must("state", id)
	var s struct{ Network *networked }
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil || s.Network == nil {
		c.t.Fatalf("no network: %v\n%s", err, r)
	}
	return *s.Network
}

// serving starts a container that serves, with these flags of run, and returns what answers at its ports.
func (c *caller) serving(verbs string, flags ...string) (id string, at []string) {
	c.t.Helper()
	dir := c.bundle(inside(verbs + " -- forever"))
	c.must(slices.Concat([]string{"run", "-d", "-b", dir}, flags, []string{c.id})...)
	c.t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	for _, p := range c.network(c.id).Ports {
		at = append(at, net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)))
	}
	return c.id, at
}

// say sends a line and returns the answer; the server may not listen yet, and a datagram be lost.
func say(proto, address, text string) (string, error) {
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var answer string
		if answer, err = sayOnce(proto, address, text); err == nil && answer != "" {
			return answer, nil
		}
	}
	return "", err
}

func sayOnce(proto, address, text string) (string, error) {
	conn, err := net.DialTimeout(proto, address, slow(2*time.Second))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(slow(2 * time.Second)))
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	buf := make([]byte, 1024)
	n, err := conn.Read(buf)
	if err == io.EOF {
		err = nil
	}
	return string(buf[:n]), err
}

func (c *caller) answers(proto, address, want string) {
	c.t.Helper()
	if got, err := say(proto, address, "hello"); err != nil || got != want {
		c.t.Errorf("%s %s answers %q, %v; want %q", proto, address, got, err, want)
	}
}

// TestPublishedPorts: bytes go in and come back, by TCP and UDP, IPv4 and IPv6, with free ports, without any program or device.
func TestPublishedPorts(t *testing.T) {
	c := newCaller(t)
	_, at := c.serving("serve tcp :80 -- serve udp :80 -- serve tcp 127.0.0.1:81", "--net", "none",
		"-p", "0:80", "-p", "0:80/udp", "-p", "[::1]:0:80", "-p", "127.0.0.9:0:81")
	if len(at) != 4 {
		t.Fatal(at)
	}
	c.answers("tcp", at[0], "hello from 127.0.0.1")
	c.answers("udp", at[1], "hello from 127.0.0.1")
	c.answers("tcp", at[2], "hello from 127.0.0.1")
	c.answers("tcp", at[3], "hello from 127.0.0.1")
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			text := fmt.Sprintf("call %d", i)
			if got, err := say("tcp", at[0], text); err != nil || got != text+" from 127.0.0.1" {
				t.Errorf("%s: %q, %v", text, got, err)
			}
		})
	}
	all.Wait()
	c.must("delete", "--force", c.id)
	c.nothingLeft()
	if got, err := sayOnce("tcp", at[0], "x"); err == nil {
		t.Errorf("the port is open after the container's end: %q", got)
	}
}

// TestABundleCarriesItsNetwork: annotations do what the flags do, and an ordinary user of the container may take any port.
func TestABundleCarriesItsNetwork(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("serve tcp :7 -- cat /etc/hosts -- sysctl net.ipv4.ip_unprivileged_port_start -- dial tcp 127.0.0.1:7 me"),
		func(s *specs.Spec) {
			s.Hostname, s.Process.Capabilities = "web", nil
			if len(s.Linux.UIDMappings) > 1 {
				s.Process.User = specs.User{UID: 1000, GID: 1000}
			}
			s.Annotations = map[string]string{"dev.urun.net": "none", "dev.urun.publish": "0:7", "dev.urun.add-host": "db:192.0.2.7"}
		})
	c.urun("run", "-b", dir, c.id).exits(0).mentions("127.0.1.1 web", "192.0.2.7 db", "\n0\n", "me from 127.0.0.1").silent()
	c.nothingLeft()
}

// TestSpecWritesANetwork: what spec is asked for, run does without being asked.
func TestSpecWritesANetwork(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle()
	if err := os.Remove(filepath.Join(dir, "config.json")); err != nil {
		t.Fatal(err)
	}
	c.urun("spec", "-b", dir, "-p", "80").refuses(1, "want [IP:]HOST:CONTAINER")
	c.must("spec", "-b", dir, "--net", "none", "-p", "0:80", "--add-host", "db:192.0.2.7")
	s := readSpec(t, dir)
	s.Process.Terminal, s.Root.Readonly, s.Process.Args = false, false, []string{"/inside", "serve", "tcp", ":80", "--", "cat", "/etc/hosts", "--", "forever"}
	writeSpec(t, dir, s)
	c.must("run", "-d", "-b", dir, c.id)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	p := c.network(c.id).Ports[0]
	c.answers("tcp", fmt.Sprintf("%s:%d", p.HostIP, p.HostPort), "hello from 127.0.0.1")
}

// TestNetworkFilesStayOutOfTheRootfs: what is generated is mounted, and what the config mounts wins.
func TestNetworkFilesStayOutOfTheRootfs(t *testing.T) {
	c := newCaller(t)
	mine := filepath.Join(c.dir, "hosts")
	writeFile(t, mine, "mine\n")
	dir := c.bundle(inside("cat /etc/hosts -- cat /etc/resolv.conf -- write /etc/resolv.conf x"), mounted(bind(mine, "/etc/hosts", "ro")))
	etc := filepath.Join(dir, "rootfs/etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(etc, "resolv.conf"), "of the image\n")
	c.urun("run", "-b", dir, "--net", "none", "--dns", "192.0.2.53", c.id).exits(1).mentions("mine\n", "nameserver 192.0.2.53").complains("read-only file system")
	if got := readFile(t, filepath.Join(etc, "resolv.conf")); got != "of the image\n" {
		t.Errorf("in the rootfs: %q", got)
	}
}

// TestNetworkFilesFindTheirPlace: whatever the root file system has there. Where it has a directory, that is told.
func TestNetworkFilesFindTheirPlace(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("cat /etc/resolv.conf"))
	etc := filepath.Join(dir, "rootfs/etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"../run/systemd/resolve/stub-resolv.conf", "/run/resolv.conf", "resolv.conf", "/proc/self/fd/0", c.dir + "/canary"} {
		if err := os.Symlink(link, etc+"/resolv.conf"); err != nil {
			t.Fatal(err)
		}
		c.urun("run", "-b", dir, "--net", "none", "--dns", "192.0.2.53", c.id).exits(0).mentions("nameserver 192.0.2.53").silent()
		if now, err := os.Readlink(etc + "/resolv.conf"); now != link {
			t.Errorf("%s is now %q, %v", link, now, err)
		}
		_ = os.Remove(etc + "/resolv.conf")
	}
	if _, err := os.Lstat(c.dir + "/canary"); err == nil {
		t.Error("a file was made on the host")
	}
	if err := os.Mkdir(etc+"/resolv.conf", 0o755); err != nil {
		t.Fatal(err)
	}
	c.urun("run", "-b", dir, "--net", "none", "--dns", "192.0.2.53", c.id).exits(1).complains("URUN-NET-002", "is a directory")
}

// TestNetworkThatCannotBeHad: each error says why and what to do, and nothing is left.
func TestNetworkThatCannotBeHad(t *testing.T) {
	c := newCaller(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	dir := c.bundle(inside("id"))
	for _, bad := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--net", "none", "-p", fmt.Sprintf("%d:80", taken)}, []string{fmt.Sprintf("port %d of 127.0.0.1 is in use by test.test (pid %d)", taken, os.Getpid()), "take another"}},
		{[]string{"--net", "none", "-p", "0:81", "-p", fmt.Sprintf("%d:80", taken)}, []string{"is in use"}},
		{[]string{"--net", "none", "-p", "8080:80", "-p", "8080:81"}, []string{"port 8080/tcp of the host is published twice"}},
		{[]string{"--net", "host", "-p", "8080:80"}, []string{"the host's own network"}},
		{[]string{"--net", "none", "-p", "80"}, []string{"want [IP:]HOST:CONTAINER"}},
		{[]string{"--net", "none", "-p", "192.0.2.77:0:80"}, []string{"this host has no address 192.0.2.77"}},
		{[]string{"--net", "bridge"}, []string{`"bridge" is none of auto, host, none, pasta, slirp4netns, container:ID`}},
	} {
		args := slices.Concat([]string{"run", "-b", dir}, bad.flags, []string{c.id})
		c.urun(args...).refuses(1, bad.want...)
		c.nothingLeft()
	}
}

// TestWithoutAWayOut: auto goes on without and says what to install; a demand is refused.
func TestWithoutAWayOut(t *testing.T) {
	c := newCaller(t)
	bin := filepath.Join(c.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, helper := range []string{"newuidmap", "newgidmap"} {
		if err := os.Symlink("/usr/bin/"+helper, filepath.Join(bin, helper)); err != nil {
			t.Fatal(err)
		}
	}
	c.env = slices.DeleteFunc(c.env, func(e string) bool { return strings.HasPrefix(e, "PATH=") })
	c.env = append(c.env, "PATH="+bin)
	dir := c.bundle(inside("lo -- ifaces"), namespace(specs.NetworkNamespace, ""))
	c.urun("run", "-b", dir, "--net", "auto", c.id).exits(0).mentions("lo is up").complains("URUN-NET-001", "neither pasta nor slirp4netns is installed", "install the package passt or slirp4netns")
	c.urun("run", "-b", dir, "--net", "slirp4netns", c.id).refuses(1, "--net slirp4netns: slirp4netns is not installed; install the package slirp4netns")
	c.urun("run", "-b", dir, "--net", "pasta", c.id).refuses(1, "--net pasta: pasta is not installed; install the package passt")
	c.nothingLeft()
}

// helpersOf are the processes that urun-monitor has started for the network.
func helpersOf(monitor int) (pids []int) {
	var content []byte
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", monitor))
	for _, t := range threads {
		more, _ := os.ReadFile(t)
		content = append(content, more...)
	}
	for _, f := range strings.Fields(string(content)) {
		var pid int
		if _, err := fmt.Sscan(f, &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func isGone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ") || syscall.Kill(pid, 0) != nil
}

// TestNetworkEndsWithTheContainer, however it ends, and whoever is killed on the way.
func TestNetworkEndsWithTheContainer(t *testing.T) {
	for what, victim := range map[string]func(*caller, watched) int{
		"the container": func(c *caller, _ watched) int { return c.state(c.id).Pid },
		"urun-monitor":  func(_ *caller, w watched) int { return w.Monitor.Pid },
		"the helper":    func(_ *caller, w watched) int { return helpersOf(w.Monitor.Pid)[0] },
	} {
		c := newCaller(t)
		_, at := c.serving("serve tcp :80", "--net", "none", "-p", "0:80")
		c.answers("tcp", at[0], "hello from 127.0.0.1")
		w := c.watched(c.id)
		all := append(helpersOf(w.Monitor.Pid), w.Monitor.Pid)
		if len(all) != 2 {
			t.Fatalf("urun-monitor and its helper: %v", all)
		}
		if err := syscall.Kill(victim(c, w), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		switch what {
		case "urun-monitor":
			eventually(t, "its helper ends", func() bool { return isGone(all[0]) })
			if n := c.network(c.id); n.Lost != "urun-monitor has ended" || len(n.Ports) != 0 {
				t.Errorf("after the end of %s: %+v", what, n)
			}
		case "the helper":
			eventually(t, "state tells", func() bool { return strings.Contains(c.network(c.id).Lost, "has ended: SIGKILL") })
		case "the container":
			eventually(t, "all helpers end", func() bool { return isGone(all[0]) && isGone(all[1]) })
		}
		c.must("delete", "--force", c.id)
		for _, pid := range all {
			eventually(t, what+": all helpers end", func() bool { return isGone(pid) })
		}
		c.nothingLeft()
	}
}

// TestSIGKILLOfUrunLeavesTheNetwork: the container goes on with its ports, and both end together.
func TestSIGKILLOfUrunLeavesTheNetwork(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("serve tcp :80 -- forever"))
	l := c.launch(nil, "run", "-b", dir, "--net", "none", "-p", "0:80", c.id)
	l.expect("serving tcp")
	p := c.network(c.id).Ports[0]
	at := fmt.Sprintf("%s:%d", p.HostIP, p.HostPort)
	l.signal(syscall.SIGKILL)
	l.wait()
	c.answers("tcp", at, "hello from 127.0.0.1")
	c.must("delete", "--force", c.id)
	c.nothingLeft()
}
