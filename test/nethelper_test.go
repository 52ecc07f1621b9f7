package test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// ownPath puts a directory before the caller's PATH, and returns it.
func (c *caller) ownPath() string {
	c.t.Helper()
	bin := filepath.Join(c.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		c.t.Fatal(err)
	}
	for i, e := range c.env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			c.env[i] = "PATH=" + bin + ":" + path
		}
	}
	return bin
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestOutOfTheContainerHelperFails: one that is too old, or dies at once, is told of, and nothing is left.
func TestOutOfTheContainerHelperFails(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		program := filepath.Join(c.ownPath(), way)
		dir := c.bundle(connected("id")...)
		failures := map[string]string{
			"echo \"" + way + ": unrecognized option '--a-word'\" >&2; echo usage >&2; exit 1": way + " is too old (" + way + ": unrecognized option '--a-word')",
			"exit 3":               way + ": exit status 3",
			"kill -9 $$":           way + ": SIGKILL",
			"echo out of luck >&2": way + ": out of luck",
			"printf 'Failed to send 51 bytes to syslog\nout of luck\nFailed to send 2 bytes to syslog\n' >&2": way + ": out of luck",
		}
		if way == "pasta" { // what that of Debian 12 says when the route has just gone
			failures["echo No external routable interface for IPv4 >&2; exit 1"] = "the host has no default route, without which pasta does nothing: take --net slirp4netns"
		}
		for text, want := range failures {
			script(t, program, text)
			c.urun("run", "-b", dir, "--net", way, "-p", "0:80", c.id).refuses(1, want)
			if left := c.stateDirs(); len(left) > 0 {
				t.Errorf("%s: left: %v", text, left)
			}
			if m := c.monitors(); len(m) > 0 {
				t.Errorf("%s: left: %v", text, m)
			}
		}
		c.nothingLeft()
	})
}

// TestOutOfTheContainerHelperIsKilled: state tells, and the container goes on; also when it dies before the container is made.
func TestOutOfTheContainerHelperIsKilled(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("forever")...)
		c.must("run", "-d", "-b", dir, "--net", way, c.id)
		if err := syscall.Kill(c.helper(c.id), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		lost := way + " has ended before the container: "
		eventually(t, "state tells", func() bool { return c.network(c.id).Lost == lost+"SIGKILL" })
		if s := c.state(c.id); s.Status != specs.StateRunning {
			t.Errorf("the container is %s", s.Status)
		}
		c.must("delete", "--force", c.id)

		ready := map[string]string{"pasta": "echo up", "slirp4netns": "echo up >&3"}[way]
		script(t, filepath.Join(c.ownPath(), way), ready+"; exit 7")
		c.must("run", "-d", "-b", dir, "--net", way, c.id)
		eventually(t, "state tells", func() bool { return c.network(c.id).Lost == lost+"exit status 7" })
		c.must("delete", "--force", c.id)
		c.nothingLeft()
	})
}

// TestOutOfTheContainerHelperTalks: what it says beside being ready is not taken for that, and nobody stops listening.
func TestOutOfTheContainerHelperTalks(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		text := map[string]string{
			"pasta":       "echo up; sleep 0.1; echo more; echo done >$0.said; exec sleep 1000",
			"slirp4netns": "echo first; sleep 0.1; echo up >&3; sleep 0.1; echo more; echo more >&3; echo done >$0.said; exec sleep 1000",
		}[way]
		path := filepath.Join(c.ownPath(), way)
		script(t, path, text)
		c.must("run", "-d", "-b", c.bundle(connected("forever")...), "--net", way, c.id)
		eventually(t, "it has said all", func() bool { _, err := os.Stat(path + ".said"); return err == nil })
		if lost := c.network(c.id).Lost; lost != "" {
			t.Error(lost)
		}
		c.must("delete", "--force", c.id)
		c.nothingLeft()
	})
}

// TestOutOfTheContainerEndsWithIt, however it ends, and whoever is killed on the way.
func TestOutOfTheContainerEndsWithIt(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("print ready -- forever")...)
		for what, victim := range map[string]func(l *live) int{
			"urun":          func(l *live) int { return l.cmd.Process.Pid },
			"urun-monitor":  func(*live) int { return c.watched(c.id).Monitor.Pid },
			"the container": func(*live) int { return c.state(c.id).Pid },
		} {
			l := c.launch(nil, "run", "-b", dir, "--net", way, c.id)
			l.expect("ready")
			helper := c.helper(c.id)
			if err := syscall.Kill(victim(l), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			switch what {
			case "urun":
				if isGone(helper) {
					t.Error("the helper ends with urun")
				}
			default:
				eventually(t, what+" is killed, its helper ends", func() bool { return isGone(helper) })
			}
			c.urun("delete", "--force", c.id)
			eventually(t, what+" is killed, the helper ends with the container", func() bool { return isGone(helper) })
			l.wait()
			c.nothingLeft()
		}
	})
}

// TestOutOfTheContainerKilledInTheMiddle: whoever is killed while the network is made, and when, no helper is left.
func TestOutOfTheContainerKilledInTheMiddle(t *testing.T) {
	byEachWay(t, func(t *testing.T, c *caller, way string) {
		dir := c.bundle(connected("forever")...)
		for i := range 24 {
			l := c.launch(nil, "create", "-b", dir, "--net", way, c.id)
			time.Sleep(slow(time.Duration(i) * time.Millisecond))
			victims := c.monitors()
			if i%2 == 0 {
				victims = []int{l.cmd.Process.Pid}
			}
			for _, pid := range victims {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			l.wait()
			eventually(t, "delete works", func() bool { return c.urun("delete", "--force", c.id).code == 0 && len(c.stateDirs()) == 0 })
			c.nothingLeft()
		}
	})
}
