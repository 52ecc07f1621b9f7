package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

// waiting makes a child that waits on a start socket as create leaves it, its maker gone, and then does steps.
func waiting(t *testing.T, steps ...step.Step) (c *Child, path string, p plan.Plan) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "start.sock")
	fd, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	p = newborn(append([]step.Step{step.HoldNamespaces{}, step.Ready{}, step.Listen{Namespaces: newWorld}}, steps...)...)
	c = start(t, p, Options{Inputs: map[string]int{"listen": fd}})
	unix.Close(fd)
	if err := c.Consent(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	return c, path, p
}

// options are those of a Wake of p that notes what it is asked to do.
func options(p plan.Plan, calls *[]int) WakeOptions {
	return WakeOptions{
		Program: p.Program,
		CallOut: func(n int, _ Show) error { *calls = append(*calls, n); return nil },
		Noted:   func(n int) { *calls = append(*calls, 100+n) },
	}
}

func TestWake(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	notes := step.Optional{Step: fails{unix.EROFS}, On: []syscall.Errno{unix.EROFS}, Noted: 2}
	c, path, p := waiting(t, step.CallOut{Number: 6}, notes, shell("echo > "+marker+"; exit 5"))
	var calls []int
	before := len(descriptors(t))
	if err := Wake(path, options(p, &calls)); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 5 {
		t.Errorf("status %#x", status)
	}
	if _, err := os.Stat(marker); err != nil || len(calls) != 2 || calls[0] != 6 || calls[1] != 101 {
		t.Errorf("call-outs and notices %v, %v", calls, err)
	}
	if err := Wake(path, options(p, &calls)); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("once more: %v", err)
	}
	if n := len(descriptors(t)); n != before {
		t.Errorf("%d descriptors, before %d", n, before)
	}
}

func TestWakeIsNotAsked(t *testing.T) {
	c, path, p := waiting(t, shell("exit 6"))
	for range 40 { // more than fit into the socket's queue
		fd, err := Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
	}
	var calls []int
	if err := Wake(path, options(p, &calls)); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 6 {
		t.Errorf("status %#x", status)
	}
}

func TestWakeFails(t *testing.T) {
	for _, c := range []struct {
		name string
		step step.Step
		text string
		err  syscall.Errno
	}{
		{"in a step", fails{unix.EXDEV}, "step 7: fail on purpose: invalid cross-device link", unix.EXDEV},
		{"in the exec", step.Exec{Files: []string{"/nowhere"}, Args: []string{"nowhere"}}, `exec: "nowhere": executable file not found in $PATH`, unix.ENOENT},
	} {
		t.Run(c.name, func(t *testing.T) {
			kid, path, p := waiting(t, c.step)
			var calls []int
			err := Wake(path, options(p, &calls))
			wantStep(t, err, 7, c.text, c.err)
			if status := kid.Wait(); status.ExitStatus() != 127 {
				t.Errorf("status %#x", status)
			}
		})
	}
}

func TestWakeWithAnotherProgram(t *testing.T) {
	_, path, _ := waiting(t, fails{unix.EXDEV})
	err := Wake(path, WakeOptions{Program: program.New})
	wantStep(t, err, 0, "unknown call: invalid cross-device link", unix.EXDEV)
}

func TestWakeCallOutError(t *testing.T) {
	kid, path, p := waiting(t, step.CallOut{}, shell("exit 0"))
	no := errors.New("the hook says no")
	if err := Wake(path, WakeOptions{Program: p.Program, CallOut: func(int, Show) error { return no }}); !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	if status := kid.Wait(); status.ExitStatus() != 127 {
		t.Errorf("the child went on: status %#x", status)
	}
}
