package sandbox

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
)

// mapped is newborn with maps that the parent writes, for whom the child waits. Nothing is written here.
func mapped(steps ...step.Step) plan.Plan {
	p := newborn()
	p.Birth.MapBy = plan.MapHelpers
	p.Steps = append([]step.Step{step.Keep{}, step.Await{For: "its maps"}}, steps...)
	return p
}

func TestMapsRefused(t *testing.T) {
	no := errors.New("not in /etc/subuid")
	_, err := Start(mapped(step.Ready{}), Options{MapIDs: func(int) error { return no }})
	var maps *MapError
	if !errors.As(err, &maps) || !errors.Is(err, no) || err.Error() != "map ids: not in /etc/subuid" {
		t.Errorf("got %v", err)
	}
}

func TestConsentComesAfterMaps(t *testing.T) {
	pid := 0
	c := start(t, mapped(step.Ready{}, shell("exit 0")), Options{MapIDs: func(n int) error { pid = n; return nil }})
	if pid != c.Pid {
		t.Errorf("maps for process %d, the child is %d", pid, c.Pid)
	}
}

func TestKilled(t *testing.T) {
	kill := func(pid int) { _ = unix.Kill(pid, unix.SIGKILL) }
	for _, c := range []struct {
		name string
		plan plan.Plan
		opt  Options
		want string
	}{
		{"waiting for its maps", mapped(step.Ready{}), Options{MapIDs: func(pid int) error { kill(pid); awaitZombie(t, pid); return nil }}, "killed by SIGKILL"},
		{"in a call-out", newborn(step.CallOut{}, step.Ready{}),
			Options{CallOut: func(_ int, c *Child) error { kill(c.Pid); awaitZombie(t, c.Pid); return nil }}, "killed by SIGKILL"},
		{"and the call-out fails too", newborn(step.CallOut{}, step.Ready{}),
			Options{CallOut: func(_ int, c *Child) error { kill(c.Pid); return errors.New("hook: no") }}, "hook: no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, "Start", func() {
				kid, err := Start(c.plan, c.opt)
				wantText(t, err, c.want)
				if kid != nil {
					t.Error("a dead child was returned")
				}
			})
		})
	}
}

func TestKilledWhenReady(t *testing.T) {
	leavesNothing(t, func() {
		c := start(t, newborn(step.Ready{}, shell("exit 0")), Options{})
		_ = unix.Kill(c.Pid, unix.SIGKILL)
		awaitZombie(t, c.Pid)
		within(t, "the conversation", func() {
			if err := errors.Join(c.Consent(), c.Started()); err != nil { // the status tells, as of one that died just later
				t.Error(err)
			}
		})
		if status := c.Wait(); status.Signal() != unix.SIGKILL {
			t.Errorf("status %#x", status)
		}
		end(c)
	})
}

func TestParentLeaves(t *testing.T) {
	c := start(t, newborn(step.Ready{}, shell("exit 0")), Options{})
	c.Close()
	reused, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Close() // harmless
	if err := unix.Close(reused); err != nil {
		t.Error("the second time it closed what was not its own")
	}
	if status := c.Wait(); status.ExitStatus() != 127 {
		t.Errorf("the child did not end by itself: %#x", status)
	}
}

// awaitZombie waits until our child has ended, and leaves it to be waited for.
func awaitZombie(t *testing.T, pid int) {
	t.Helper()
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	if err != nil {
		t.Errorf("wait for process %d: %v", pid, err)
	}
}
