package test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
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
	c.urun("port", "--remove", "1:80", id).refuses(1, "127.0.0.1:1:80/tcp is not published")
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

// TestNobodyPublishesPorts: where urun-monitor is not there for the network, port says where to go instead.
func TestNobodyPublishesPorts(t *testing.T) {
	c := newCaller(t)
	first, _ := c.serving("forever", "--net", "none")
	c.must("port", first).prints("").silent()
	c.urun("port", "-p", "0:80", first).refuses(1, "the container was made without a port", "make it with one, such as -p 0:80")
	second := first + "-second"
	c.must("run", "-d", "-b", c.bundle(inside("forever")), "--net", "container:"+first, second)
	t.Cleanup(func() { c.urun("delete", "--force", second) })
	c.urun("port", second).refuses(1, "the network is that of the container "+first, "urun port "+first)
}
