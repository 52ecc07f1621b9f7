package test

import (
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// TestPortsOfARunningContainer: they are listed where people look, and come and go.
func TestPortsOfARunningContainer(t *testing.T) {
	c := newCaller(t)
	id, at := c.serving("serve tcp :80 -- serve udp :81", "--net", "none", "-p", "0:80")
	c.must("port", id).prints("80/tcp -> " + at[0])
	c.must("list").mentions("PORTS", at[0]+":80/tcp")
	c.must("list", "-f", "json").mentions(`"hostPort":`)
	c.must("state", id).mentions(`"ports": [`, `"hostPort":`)
	added := c.must("port", "-p", "0:80", "-p", "0:81/udp", id)
	lines := strings.Split(strings.TrimSpace(added.stdout), "\n")
	if len(lines) != 3 {
		t.Fatal(added)
	}
	_, tcp, _ := strings.Cut(lines[1], " -> ")
	_, udp, _ := strings.Cut(lines[2], " -> ")
	c.answers("tcp", tcp, "hello from 127.0.0.1")
	c.answers("udp", udp, "hello from 127.0.0.1")
	c.urun("port", "-p", "0:80", "-p", at[0]+":80", id).refuses(1, "the port is published already")
	c.urun("port", "--remove", tcp+":80", "--remove", "1:80", id).refuses(1, "127.0.0.1:1:80/tcp is not published")
	c.answers("tcp", tcp, "hello from 127.0.0.1") // it was all or none
	c.must("port", "--remove", tcp+":80", id).prints("80/tcp -> "+at[0], "81/udp -> "+udp)
	if got, err := sayOnce("tcp", tcp, "x"); err == nil && got != "" {
		t.Errorf("a port that was given up answers: %q", got)
	}
	c.answers("tcp", at[0], "hello from 127.0.0.1")
	c.must("kill", id, "KILL")
	c.becomes(id, specs.StateStopped)
	c.urun("port", id).refuses(1, "the container has stopped")
	c.must("delete", id)
	id = c.detached(inside("forever"))
	c.urun("port", id).refuses(1, "the container has no network of urun's")
}

// TestPsOfAContainerWithPorts: a person sees the ports below the processes. A program gets what runc prints, to the byte, also where
// it reads stderr together with stdout, as go-runc does.
func TestPsOfAContainerWithPorts(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	id, at := c.serving("serve tcp :80", "--net", "none", "-p", "0:80")
	tm.launch(c, "ps", id).wait()
	shows(t, tm.screen, "PORTS: "+at[0]+":80/tcp\r\n")
	pid := fmt.Sprint(c.state(id).Pid)
	c.must("ps", "-f", "json", id).prints("[" + pid + "]").silent()
	if r := c.must("ps", id, "-o", "pid").silent(); !slices.Equal(strings.Fields(r.stdout), []string{"PID", pid}) {
		t.Errorf("more than the process: %s", r)
	}
	if r := c.must("ps", "--format", "table", id, "-ef").silent(); strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("more than the header and the process: %s", r)
	}

	quiet := newTerminal(t, 24, 80)
	quiet.launch(c, "ps", "-f", "json", id).wait()
	shows(t, quiet.screen, "["+pid+"]\r\n")
	half := newTerminal(t, 24, 80)
	r := c.launch(func(cmd *exec.Cmd) { cmd.Stderr = half.slave }, "ps", id).wait()
	r.mentions(pid)
	if got := quiet.screen.String() + half.screen.String(); strings.Contains(got, "PORTS") {
		t.Errorf("among JSON, or beside a table that goes elsewhere: %q", got)
	}
	without := newTerminal(t, 24, 80)
	other := newCaller(t)
	without.launch(other, "ps", other.detached(inside("forever"))).wait()
	if got := without.screen.String(); strings.Contains(got, "PORTS") {
		t.Errorf("of a container without any: %q", got)
	}
}

// TestTheFirstPortComesLater: a container that was made without any gets somebody who publishes them. Of several that ask at the same
// time one starts him.
func TestTheFirstPortComesLater(t *testing.T) {
	c := newCaller(t)
	id, _ := c.serving("serve tcp :80", "--net", "none")
	c.must("port", id).prints("").silent()
	c.urun("port", "--remove", "1:80", id).refuses(1, "the container has no ports")
	asking := make([]*live, 4)
	for i := range asking {
		asking[i] = c.launch(nil, "port", "-p", "0:80", id)
	}
	for _, l := range asking {
		l.wait().exits(0)
	}
	ports := c.network(id).Ports
	if len(ports) != len(asking) || len(c.monitors()) != 1 {
		t.Errorf("ports %v, processes %v", ports, c.monitors())
	}
	for _, p := range ports {
		c.answers("tcp", net.JoinHostPort(p.HostIP, fmt.Sprint(p.HostPort)), "hello from 127.0.0.1")
	}
	c.must("kill", id, "KILL")
	c.becomes(id, specs.StateStopped)
	c.must("delete", id)
	c.nothingLeft()
}

// TestTheFirstPortAfterOneInVain: what somebody who was hired and then killed has left does not stand in the way of the next.
func TestTheFirstPortAfterOneInVain(t *testing.T) {
	c := newCaller(t)
	id, _ := c.serving("serve tcp :80", "--net", "none")
	for _, name := range []string{".bp.sock", "ports.sock", "start.sock"} { // the last one is of a start that was killed as it was done
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: c.runtimeDir + "/urun/" + id + "/" + name, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}
	at := strings.Fields(c.must("port", "-p", "0:80", id).stdout)[2]
	c.answers("tcp", at, "hello from 127.0.0.1")
}

// TestPortsAfterTheirMonitorWasKilled: the next ones find another who publishes them.
func TestPortsAfterTheirMonitorWasKilled(t *testing.T) {
	c := newCaller(t)
	id, at := c.serving("serve tcp :80", "--net", "none", "-p", "0:80")
	for range 2 {
		pid := c.monitors()[0]
		_ = unix.Kill(pid, unix.SIGKILL)
		for end := time.Now().Add(slow(5 * time.Second)); !isGone(pid) && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		c.urun("port", id).refuses(1, "urun-monitor has ended", "urun port -p publishes some anew")
		c.urun("port", "--remove", at[0]+":80", id).refuses(1, "urun-monitor has ended")
		at = []string{strings.Fields(c.must("port", "-p", "0:80", id).stdout)[2]}
		c.must("port", id).prints("80/tcp -> " + at[0])
		c.answers("tcp", at[0], "hello from 127.0.0.1")
	}
}

// TestPortsAfterAHireThatWasKilled: at whatever moment the urun that hires somebody is killed, the next one gets its port.
func TestPortsAfterAHireThatWasKilled(t *testing.T) {
	c := newCaller(t)
	id, _ := c.serving("serve tcp :80", "--net", "none")
	for after := range 20 {
		l := c.launch(nil, "port", "-p", "0:80", id)
		time.Sleep(time.Duration(after) * 2 * time.Millisecond)
		_ = l.cmd.Process.Kill() // it may be done by now
		l.wait()
		lines := strings.Fields(c.must("port", "-p", "0:80", id).stdout)
		c.answers("tcp", lines[len(lines)-1], "hello from 127.0.0.1")
		for _, pid := range c.monitors() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		eventually(t, "the monitor has ended", func() bool { return len(c.monitors()) == 0 })
	}
	c.must("delete", "--force", id)
	c.nothingLeft()
}

// TestTheFirstPortInTheForeground: whoever was hired later ends with the container too, and what he has said is cleaned up.
func TestTheFirstPortInTheForeground(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("serve tcp :80 -- forever")), "--net", "none", c.id)
	l.expect("ready")
	at := strings.Fields(c.must("port", "-p", "0:80", c.id).stdout)[2]
	c.answers("tcp", at, "hello from 127.0.0.1")
	l.signal(unix.SIGTERM)
	l.wait().exits(0)
	c.nothingLeft()
}

// TestNobodyPublishesPorts: where that cannot be, port says why, and where to go instead.
func TestNobodyPublishesPorts(t *testing.T) {
	c := newCaller(t)
	waiting := c.id + "-waiting"
	c.must("create", "-b", c.bundle(inside("forever")), "--net", "none", waiting)
	c.urun("port", "-p", "0:80", waiting).refuses(1, "waits for its start", "start it first")
	c.must("delete", "--force", waiting)
	first, _ := c.serving("forever", "--net", "none")
	second := first + "-second"
	c.must("run", "-d", "-b", c.bundle(inside("forever")), "--net", "container:"+first, second)
	t.Cleanup(func() { c.urun("delete", "--force", second) })
	c.urun("port", second).refuses(1, "the network is that of the container "+first, "urun port "+first)
}
