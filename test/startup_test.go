package test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestRoomIsMadeFirst: the stack has grown before the packages with work to do are initialised.
func TestRoomIsMadeFirst(t *testing.T) {
	c := newCaller(t)
	r := c.launch(func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "GODEBUG=inittrace=1") }, "--version").wait().exits(0)
	for line := range strings.Lines(r.stderr) {
		switch name := strings.Fields(line)[1]; {
		case strings.HasSuffix(name, "/pkg/roomy"):
			return
		case name != "runtime" && !strings.HasPrefix(name, "internal/"):
			t.Fatalf("%s comes first", name)
		}
	}
	t.Fatalf("roomy is not there:\n%s", r.stderr)
}

// TestContainersAreScheduledAsTheirCaller: what urun asks for its own monitor thread stays with it.
func TestContainersAreScheduledAsTheirCaller(t *testing.T) {
	c := newCaller(t)
	c.run(inside("sched")).exits(0).prints("policy=0 nice=0 priority=0 flags=0")
	l := c.launchCommand(nil, "chrt", "--batch", "0", urunPath, "run", "-b", c.bundle(inside("sched")), c.id+"b")
	l.wait().exits(0).prints("policy=3 nice=0 priority=0 flags=0")
}
