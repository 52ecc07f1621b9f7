package sandbox

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

// TestMain is also what the tests of Seal execute: see sealHere.
func TestMain(m *testing.M) {
	if os.Getenv("URUN_TEST_SEAL") != "" {
		os.Exit(sealHere())
	}
	os.Exit(m.Run())
}

// newWorld are the namespaces of most tests. A map of one id needs no privilege.
const newWorld = unix.CLONE_NEWUSER | unix.CLONE_NEWNS

// newborn is a plan in new namespaces, where the child is root and does steps.
func newborn(steps ...step.Step) plan.Plan {
	me := []step.Step{
		step.Keep{},
		step.IDMap{UID: idmap.One(0, uint32(os.Getuid())), GID: idmap.One(0, uint32(os.Getgid()))},
		step.Become{},
	}
	return plan.Plan{Birth: plan.Birth{Flags: newWorld, MapBy: plan.MapSelf}, Steps: append(me, steps...)}
}

// shell is the last step of a child that executes a script.
func shell(script string) step.Exec {
	return step.Exec{Files: []string{"/bin/sh"}, Args: []string{"sh", "-c", script}}
}

// start is Start of a plan that must succeed. The child ends with the test.
func start(t *testing.T, p plan.Plan, opt Options) *Child {
	t.Helper()
	c, err := Start(p, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(c) })
	return c
}

// end kills the child and closes what is left of it.
func end(c *Child) {
	c.Kill()
	if c.PidFD >= 0 {
		unix.Close(c.PidFD)
		c.PidFD = -1
	}
}

// fails is a step that fails with errno.
type fails struct{ errno syscall.Errno }

func (fails) String() string { return "fail on purpose" }

func (s fails) Emit(p *program.Program) { p.Expect(program.Int(0), 1, 1, s.errno) }

// explains is fails with words of its own.
type explains struct{ fails }

func (explains) Explain(errno syscall.Errno) string { return "in other words: " + errno.Error() }

// tells is a step that sends bytes to the parent as they are.
type tells struct{ raw []byte }

func (tells) String() string { return "say something" }

func (s tells) Emit(p *program.Program) {
	p.Call(unix.SYS_WRITE, p.Input("sock"), p.Data(s.raw), program.Int(len(s.raw)))
}

// descriptors lists what this process has open, without what the list itself takes and the runtime's own.
func descriptors(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasSuffix(target, "/fd") && !strings.Contains(target, "[event") {
			open[e.Name()] = target
		}
	}
	return open
}

// leavesNothing checks that do closes what it opens and reaps what it starts.
func leavesNothing(t *testing.T, do func()) {
	t.Helper()
	before := descriptors(t)
	do()
	for fd, target := range descriptors(t) {
		if _, ok := before[fd]; !ok {
			t.Errorf("descriptor %s is left open: %s", fd, target)
		}
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d %v", pid, err)
	}
}

// within fails the test when do hangs.
func within(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

// wantStep checks that err is the failure of step n with text and errno.
func wantStep(t *testing.T, err error, n int, text string, errno syscall.Errno) {
	t.Helper()
	var failed *StepError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want the failure of step %d", err, n)
	}
	if failed.Step != n || failed.Text != text || !errors.Is(err, errno) {
		t.Errorf("got step %d, %q, errno %d; want step %d, %q, errno %d", failed.Step, failed.Text, failed.Errno, n, text, errno)
	}
}

// wantText checks that err has text in it.
func wantText(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want one with %q", err, text)
	}
}
