package sandbox

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestHookMissing(t *testing.T) {
	bothWays(t, func(t *testing.T, in *Inside) {
		err := RunHook(specs.Hook{Path: "/nowhere/hook"}, nil, "/", in)
		if !errors.Is(err, unix.ENOENT) {
			t.Errorf("got %v", err)
		}
		wantText(t, err, "hook /nowhere/hook: ")
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); in == nil && err != syscall.ECHILD {
			t.Errorf("a child is left: %d %v", pid, err)
		}
	})
}

func TestHookHangs(t *testing.T) {
	one := 1
	bothWays(t, func(t *testing.T, in *Inside) {
		h := script("echo waiting; exec sleep 60")
		h.Timeout = &one
		since := time.Now()
		err := RunHook(h, nil, "/", in)
		wantText(t, err, "hook /bin/sh: no end within 1 s, killed: waiting")
		if took := time.Since(since); took < 900*time.Millisecond || took > 15*time.Second {
			t.Errorf("that took %v", took)
		}
	})
}

func TestHookEndsInTime(t *testing.T) {
	thirty := 30
	bothWays(t, func(t *testing.T, in *Inside) {
		h := script("exit 0")
		h.Timeout = &thirty
		if err := RunHook(h, nil, "/", in); err != nil {
			t.Error(err)
		}
	})
}

func TestHookInDeadContainer(t *testing.T) {
	c := start(t, newborn(step.Ready{}), Options{})
	_ = unix.Kill(c.Pid, unix.SIGKILL)
	awaitZombie(t, c.Pid)
	err := RunHook(script("exit 0"), nil, "/", &Inside{PidFD: c.PidFD, Own: newWorld})
	wantStep(t, err, 3, "step 3: join user,mount of the container: no such process", unix.ESRCH)
}

func TestHookLeavesNothing(t *testing.T) {
	leavesNothing(t, func() {
		c := start(t, newborn(step.Ready{}), Options{})
		for _, in := range []*Inside{nil, {PidFD: c.PidFD, Own: newWorld}} {
			for _, h := range []specs.Hook{script("exit 0"), script("exit 1")} {
				_ = RunHook(h, []byte("state"), "/", in)
			}
		}
		_ = RunHook(specs.Hook{Path: "/nowhere"}, nil, "/", nil)
		end(c)
	})
}

// A hook outside inherits what urun's caller left open, as every program does that is executed.
func TestHookInsideGetsOnlyItsDescriptors(t *testing.T) {
	err := RunHook(script("ls -l /proc/$$/fd; exit 1"), nil, "/", container(t))
	wantText(t, err, "memfd:state")
	wantText(t, err, "2 -> pipe:")
	if n := strings.Count(err.Error(), " -> "); n != 3 {
		t.Errorf("%d descriptors: %v", n, err)
	}
}
