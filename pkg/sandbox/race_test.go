package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

// dies is a step in which the child is killed.
type dies struct{}

func (dies) String() string { return "die" }

func (dies) Emit(p *program.Program) {
	p.Call(unix.SYS_KILL, p.Call(unix.SYS_GETPID), program.Int(int(unix.SIGKILL)))
	p.Call(unix.SYS_PPOLL, program.Int(0), program.Int(0), program.Int(0), program.Int(0)) // for ever; arm64 has no pause(2)
}

// The conversation of a dying process closes a moment before it can be waited for.
func TestKilledAtWork(t *testing.T) {
	leavesNothing(t, func() {
		for range 20 {
			c, err := Start(newborn(dies{}, step.Ready{}), Options{})
			wantText(t, err, "ended before it was ready: killed by SIGKILL")
			if c != nil {
				t.Fatal("a dead child was returned")
			}
			kill := func(pid int) error { return unix.Kill(pid, unix.SIGKILL) }
			_, err = Start(mapped(step.Ready{}), Options{MapIDs: kill})
			wantText(t, err, "ended before it was ready: killed by SIGKILL")
		}
	})
}

func TestKilledBeforeBorn(t *testing.T) {
	p := mapped(dies{}, step.Ready{})
	p.Birth.Joins = joinOwn(t)
	p.Steps = p.Steps[2:]
	leavesNothing(t, func() {
		_, err := Start(p, Options{MapIDs: func(int) error { t.Error("maps of nobody were written"); return nil }})
		wantText(t, err, "ended before it was ready: killed by SIGKILL")
	})
}

func TestFailureLeavesNothing(t *testing.T) {
	no := errors.New("no")
	refuse := Options{MapIDs: func(int) error { return no }, CallOut: func(int, *Child) error { return no }}
	leavesNothing(t, func() {
		for _, s := range []step.Step{fails{unix.EXDEV}, step.CallOut{}, tells{message(77, 0, 0)}} {
			if _, err := Start(newborn(s, step.Ready{}), refuse); err == nil {
				t.Error("no error")
			}
		}
		if _, err := Start(mapped(step.Ready{}), refuse); !errors.Is(err, no) {
			t.Error(err)
		}
		c := start(t, newborn(step.Ready{}), Options{})
		_ = RunHook(specs.Hook{Path: "/nowhere"}, nil, "/", &Inside{PidFD: c.PidFD, Own: newWorld})
		end(c)
	})
}

func TestMessageBreaksOff(t *testing.T) {
	leavesNothing(t, func() {
		_, err := Start(newborn(tells{message(program.Ready, 0, 0)[:7]}, shell("exit 0")), Options{})
		wantText(t, err, "breaks off")
	})
}

// slowFork is step.Fork by a process that is late to tell of it.
type slowFork struct{}

func (slowFork) String() string { return "fork and dawdle" }

func (slowFork) Emit(p *program.Program) {
	pid := p.Call(unix.SYS_CLONE, program.Int(unix.CLONE_PARENT), program.Int(0))
	p.Try(func() { p.Expect(pid, ^uint64(0), 0, unix.ECHILD) }, func() {
		p.Call(unix.SYS_NANOSLEEP, p.Record(program.Int(0), program.Int(200_000_000)), program.Int(0))
		p.Tell(program.Born, pid)
		p.Call(unix.SYS_EXIT_GROUP, program.Int(0))
	}, unix.ECHILD)
}

// TestFailsBeforeBorn: the second process has failed before the first has told of it. Left as a zombie in the pid namespace
// of a container it would keep that from ending.
func TestFailsBeforeBorn(t *testing.T) {
	leavesNothing(t, func() {
		within(t, "the end", func() {
			kid := newborn(step.Ready{})
			kid.Birth.Flags |= unix.CLONE_NEWPID
			c := start(t, kid, Options{})
			p := plan.Plan{Steps: []step.Step{
				step.Keep{}, step.Join{Input: "target", Flags: kid.Birth.Flags, From: "it"}, slowFork{}, fails{unix.EXDEV}, step.Ready{},
			}}
			_, err := Start(p, Options{Inputs: map[string]int{"target": c.PidFD}})
			wantStep(t, err, 4, "step 4: fail on purpose: "+unix.EXDEV.Error(), unix.EXDEV)
			end(c)
		})
	})
}

// Who comes second stands in the queue of the socket when the container executes its command.
func TestTwoWakes(t *testing.T) {
	c, path, p := waiting(t, step.CallOut{}, shell("exit 7"))
	second := make(chan error, 1)
	err := Wake(path, WakeOptions{Program: p.Program, CallOut: func(int, Show) error {
		go func() { second <- Wake(path, WakeOptions{Program: p.Program}) }()
		time.Sleep(50 * time.Millisecond)
		return nil
	}})
	if err != nil {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; !errors.Is(err, ErrNotWaiting) {
		t.Errorf("the second: %v", err)
	}
	if status := c.Wait(); status.ExitStatus() != 7 {
		t.Errorf("status %#x", status)
	}
}

func TestManyWakes(t *testing.T) {
	c, path, p := waiting(t, shell("exit 7"))
	results := make(chan error, 8)
	for range cap(results) {
		go func() { results <- Wake(path, WakeOptions{Program: p.Program}) }()
	}
	won := 0
	for range cap(results) {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, ErrNotWaiting):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d started it", won)
	}
	if status := c.Wait(); status.ExitStatus() != 7 {
		t.Errorf("status %#x", status)
	}
}

func TestWakeOfDying(t *testing.T) {
	listen, err := Listen(filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	addr, err := unix.Getsockname(listen)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { unix.Close(listen) }) // as a process does that is killed
	if err := Wake(addr.(*unix.SockaddrUnix).Name, WakeOptions{}); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("got %v", err)
	}
}

func TestSealOfShrunkenFile(t *testing.T) {
	file, err := os.Open("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := len(descriptors(t))
	_, err = sealedCopy(file, 1<<30)
	wantText(t, err, "copy to memfd: unexpected EOF")
	if n := len(descriptors(t)); n != before {
		t.Errorf("%d descriptors, before %d", n, before)
	}
}
