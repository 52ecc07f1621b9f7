package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/step"
)

func TestStartToEnd(t *testing.T) {
	leavesNothing(t, func() {
		var calls, notes []int
		p := newborn(step.CallOut{Number: 4, Name: "first"},
			step.Optional{Step: fails{unix.EROFS}, On: []syscall.Errno{unix.EROFS}, Noted: 3},
			step.CallOut{Number: 7, Name: "second"}, step.Ready{}, shell("exit 42"))
		c, err := Start(p, Options{
			CallOut: func(n int, c *Child) error {
				calls = append(calls, n)
				return unix.Kill(c.Pid, 0) // it is there and waits
			},
			Noted: func(n int) { notes = append(notes, n) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer end(c)
		if fmt.Sprint(calls, notes) != "[4 7] [2]" {
			t.Errorf("call-outs %v, notices %v", calls, notes)
		}
		if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", c.Pid)); strings.HasSuffix(exe, "sh") {
			t.Error("it has not waited for consent")
		}
		if err := errors.Join(c.Consent(), c.Started()); err != nil {
			t.Error(err)
		}
		if status := c.Wait(); !status.Exited() || status.ExitStatus() != 42 {
			t.Errorf("status %#x", status)
		}
		if status := c.Wait(); status.ExitStatus() != 42 {
			t.Errorf("asked again: status %#x", status)
		}
	})
}

func TestStartWithoutReady(t *testing.T) {
	c := start(t, newborn(shell("exit 3")), Options{})
	if status := c.Wait(); status.ExitStatus() != 3 {
		t.Errorf("status %#x", status)
	}
}

func TestBorn(t *testing.T) {
	first := start(t, newborn(step.Ready{}), Options{})
	before := len(descriptors(t))
	p := plan.Plan{Steps: []step.Step{
		step.Keep{}, step.Join{Input: "target", Flags: newWorld, From: "the first"}, step.Fork{}, step.Become{Hidden: true}, step.Ready{}, shell("exit 9"),
	}}
	c := start(t, p, Options{Inputs: map[string]int{"target": first.PidFD}})
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(stat), fmt.Sprintf("PPid:\t%d\n", os.Getpid())) {
		t.Error("the second process is not ours")
	}
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", c.PidFD))
	if err != nil || !strings.Contains(string(info), fmt.Sprintf("Pid:\t%d\n", c.Pid)) {
		t.Errorf("the pidfd is of another process: %s %v", info, err)
	}
	if flags, _ := unix.FcntlInt(uintptr(c.PidFD), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("the pidfd is not close-on-exec")
	}
	if err := errors.Join(c.Consent(), c.Started()); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 9 {
		t.Errorf("status %#x", status)
	}
	end(c)
	if n := len(descriptors(t)); n != before {
		t.Errorf("%d descriptors, before %d", n, before)
	}
}

func TestStepFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []step.Step
		n     int
		text  string
		errno syscall.Errno
	}{
		{"early", []step.Step{fails{unix.EXDEV}, step.Ready{}}, 4, "step 4: fail on purpose: invalid cross-device link", unix.EXDEV},
		{"explained", []step.Step{step.CallOut{}, explains{fails{unix.ENOSPC}}, step.Ready{}}, 5, "in other words: no space left on device", unix.ENOSPC},
		{"command", []step.Step{step.Exec{Files: []string{"/nowhere"}, Args: []string{"/nowhere"}}}, 4,
			`exec: "/nowhere": no such file or directory`, unix.ENOENT},
	} {
		t.Run(c.name, func(t *testing.T) {
			kid, err := Start(newborn(c.steps...), Options{CallOut: func(int, *Child) error { return nil }})
			if kid != nil {
				t.Error("a child that failed was returned")
			}
			wantStep(t, err, c.n, c.text, c.errno)
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
				t.Errorf("a zombie is left: %d %v", pid, err)
			}
		})
	}
}

func TestStepFailsAfterReady(t *testing.T) {
	c := start(t, newborn(step.Ready{}, fails{unix.ENOTTY}), Options{})
	if err := c.Consent(); err != nil {
		t.Fatal(err)
	}
	wantStep(t, c.Started(), 5, "step 5: fail on purpose: inappropriate ioctl for device", unix.ENOTTY)
	if status := c.Wait(); status.ExitStatus() != 127 {
		t.Errorf("status %#x", status)
	}
}

func TestCallOutError(t *testing.T) {
	no := errors.New("the hook says no")
	marker := t.TempDir() + "/went-on"
	_, err := Start(newborn(step.CallOut{Number: 1}, shell("echo > "+marker)), Options{CallOut: func(int, *Child) error { return no }})
	if !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("the child went on")
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d %v", pid, err)
	}
}
