package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// redisRootfs is the root file system of a real redis, made without root by hack/redis-bundle.sh.
func redisRootfs(c *caller) string {
	c.t.Helper()
	dir := os.Getenv("URUN_REDIS_BUNDLE")
	if dir == "" {
		dir = filepath.Join(c.dir, "redis-bundle")
		cmd := exec.Command("../hack/redis-bundle.sh", dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			c.t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	return filepath.Join(dir, "rootfs")
}

// TestTutorial is the tutorial of the README: a bundle named redis, urun run redis, and a look from all sides.
func TestTutorial(t *testing.T) {
	c := newCaller(t)
	rootfs := redisRootfs(c)
	bundle := filepath.Join(c.dir, "redis")
	if err := os.Mkdir(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	c.must("spec", "--rootless", "-b", bundle)
	s := readSpec(t, bundle)
	s.Root.Path, s.Process.Terminal = rootfs, false
	// Not the usual port: where the network is the host's, somebody may have that.
	s.Process.Args = []string{"redis-server", "--port", "36379", "--save", "", "--daemonize", "no"}
	writeSpec(t, bundle, s)

	l := c.launch(func(cmd *exec.Cmd) { cmd.Dir = c.dir }, "run", "redis")
	defer c.urun("delete", "--force", "redis")
	l.expect("Ready to accept connections")

	c.must("list").mentions("redis", "running", bundle)
	c.must("ps", "redis").mentions("redis-server")
	var pids []int
	if r := c.must("ps", "-f", "json", "redis"); json.Unmarshal([]byte(r.stdout), &pids) != nil || len(pids) != 1 {
		t.Errorf("%s", r)
	}
	if state := c.state("redis"); state.Status != specs.StateRunning || state.Pid != pids[0] || state.Bundle != bundle {
		t.Errorf("state: %+v", state)
	}
	c.must("exec", "redis", "redis-cli", "-p", "36379", "ping").prints("PONG")
	c.must("exec", "redis", "redis-cli", "-p", "36379", "set", "key", "value").prints("OK")
	if r := c.must("exec", "redis", "redis-cli", "-p", "36379", "get", "key"); strings.TrimSpace(r.stdout) != "value" {
		t.Errorf("%s", r)
	}
	c.must("pause", "redis")
	c.must("resume", "redis")
	c.must("exec", "redis", "redis-cli", "-p", "36379", "ping").prints("PONG")

	c.must("kill", "redis", "TERM")
	l.wait().exits(0).mentions("Redis is now ready to exit")
	c.must("list", "-q").prints("")
	c.nothingLeft()
}

// TestTutorialWithANetwork is the tutorial's other half: a port of the container, asked from the host.
func TestTutorialWithANetwork(t *testing.T) {
	c := newCaller(t)
	bundle := filepath.Join(c.dir, "redis")
	if err := os.Mkdir(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	c.must("spec", "--rootless", "-b", bundle)
	s := readSpec(t, bundle)
	s.Root.Path, s.Process.Terminal = redisRootfs(c), false
	s.Process.Args = []string{"redis-server", "--save", "", "--daemonize", "no"}
	writeSpec(t, bundle, s)

	l := c.launch(func(cmd *exec.Cmd) { cmd.Dir = c.dir }, "run", "--net", "auto", "-p", "0:6379", "redis")
	defer c.urun("delete", "--force", "redis")
	l.expect("Ready to accept connections")
	_, at, _ := strings.Cut(strings.TrimSpace(c.must("port", "redis").stdout), "6379/tcp -> ")
	for ask, want := range map[string]string{"PING\r\n": "+PONG\r\n", "SET key value\r\n": "+OK\r\n"} {
		if got, err := say("tcp", at, ask); err != nil || got != want {
			t.Errorf("%q: %q, %v", ask, got, err)
		}
	}
	c.must("exec", "redis", "redis-cli", "get", "key").prints("value")
	c.must("kill", "redis", "TERM")
	l.wait().exits(0)
	c.nothingLeft()
}
