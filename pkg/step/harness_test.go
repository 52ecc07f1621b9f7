package step_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

// newWorld are the namespaces of most tests.
const newWorld = unix.CLONE_NEWUSER | unix.CLONE_NEWNS

// child is a process that has carried out some steps and now waits, so that the test can look at its world from outside.
type child struct {
	pid    int
	notes  []int // numbers of the notices it sent
	calls  []int // numbers of its call-outs
	status syscall.WaitStatus
	ended  bool
	sock   int
	forks  int // that it has not told of yet
	ready  bool
}

// failure is what a step came back with.
type failure struct {
	step    program.Step
	errno   syscall.Errno
	explain string
}

func (f *failure) Error() string { return f.step.String() + ": " + f.errno.Error() }

// listening is the child's word that its filter has a listener.
type listening struct{ fd int }

func (*listening) Error() string { return "the filter has a listener" }

// leave closes the parent's end of the conversation in the child, so that it sees when the parent's is gone.
type leave struct{}

func (leave) String() string          { return "leave the parent's descriptors" }
func (leave) Emit(p *program.Program) { p.Close(p.Input("parent")) }

// asRoot makes the caller root of a new user namespace, as an ordinary user can: with a map of one id.
func asRoot() []step.Step { return as(0, 0) }

func as(uid, gid uint32) []step.Step {
	return []step.Step{
		step.IDMap{UID: idmap.One(uid, uint32(os.Getuid())), GID: idmap.One(gid, uint32(os.Getgid()))},
		step.Become{UID: uid, GID: gid},
	}
}

// start has a child in new namespaces carry out steps; it ends with the test. The error is a *failure.
func start(t *testing.T, flags uint64, inputs map[string]int, steps ...step.Step) (*child, error) {
	t.Helper()
	prog := program.New()
	for _, s := range append([]step.Step{leave{}}, steps...) {
		prog.Begin(s)
		s.Emit(prog)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]uint64{"sock": uint64(pair[1]), "parent": uint64(pair[0])}
	for name, fd := range inputs {
		values[name] = uint64(fd)
	}
	code := prog.Link(values)
	kid, err := sys.Fork(flags, code)
	code.Free()
	unix.Close(pair[1])
	if err != nil {
		t.Fatalf("fork into new %s: %v", program.Namespaces(flags), err)
	}
	unix.Close(kid.PidFD)
	c := &child{pid: kid.Pid, sock: pair[0]}
	t.Cleanup(c.end)
	for _, s := range steps {
		if _, ok := s.(step.Fork); ok {
			c.forks++
		}
	}
	return c, c.follow(prog)
}

// end closes the conversation, which ends a waiting child, and waits for it. One that has gone its own way is killed.
func (c *child) end() {
	unix.Close(c.sock)
	c.sock = -1
	if c.ended {
		return
	}
	unix.Kill(c.pid, unix.SIGKILL)
	c.wait()
}

func (c *child) wait() syscall.WaitStatus {
	for !c.ended {
		_, err := syscall.Wait4(c.pid, &c.status, 0, nil)
		c.ended = err != syscall.EINTR
	}
	return c.status
}

// follow answers the child until it is ready, has failed, or has closed the conversation. A second process can be ready before
// the first has told of it.
func (c *child) follow(prog *program.Program) error {
	buf := make([]byte, sys.MessageSize)
	for !c.ready || c.forks > 0 {
		if n, err := unix.Read(c.sock, buf); n != sys.MessageSize {
			return err
		}
		m := sys.ReadMessage(buf)
		switch m.Kind {
		case program.Ready:
			c.ready = true
		case program.Noted:
			c.notes = append(c.notes, int(m.Value))
		case program.CallOut:
			c.calls = append(c.calls, int(m.Value))
			unix.Write(c.sock, []byte{1})
		case program.Listener:
			return &listening{int(m.Value)}
		case program.Born:
			c.wait()
			c.pid, c.ended = int(m.Value), false
			c.forks--
		case sys.Failed:
			n, _ := prog.At(int(m.Op))
			f := &failure{step: prog.Steps()[n], errno: syscall.Errno(m.Value)}
			if x, ok := f.step.(program.Explainer); ok {
				f.explain = x.Explain(f.errno)
			}
			return f
		default:
			return fmt.Errorf("message of kind %d", m.Kind)
		}
	}
	return nil
}

// world is start in new user and mount namespaces; the child is root there, does steps, and waits. They must succeed.
func world(t *testing.T, steps ...step.Step) *child {
	t.Helper()
	c, err := start(t, newWorld, nil, append(append(asRoot(), steps...), step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// inside wraps steps in what takes rootfs as root before and enters it behind.
func inside(rootfs string, steps ...step.Step) []step.Step {
	list := []step.Step{step.Propagation{Flags: unix.MS_SLAVE | unix.MS_REC}, step.Root{Path: rootfs}}
	return append(append(list, steps...), step.Pivot{})
}

// wantErrno checks that err is the failure of the step with the given words.
func wantErrno(t *testing.T, err error, words string, errno syscall.Errno) *failure {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) || f.step.String() != words || f.errno != errno {
		t.Fatalf("got %v; want %s: %v", err, words, errno)
	}
	return f
}

// path is a path of the child's root, as the test can open it. It must not lead through symlinks.
func (c *child) path(p string) string { return fmt.Sprintf("/proc/%d/root%s", c.pid, p) }

func (c *child) proc(t *testing.T, file string) string {
	return read(t, fmt.Sprintf("/proc/%d/%s", c.pid, file))
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// mounted is a line of mountinfo (proc(5)).
type mounted struct{ options, tags, fstype, super string }

// mount returns the topmost mount on a path of the child.
func (c *child) mount(t *testing.T, at string) (m mounted) {
	t.Helper()
	for line := range strings.Lines(c.proc(t, "mountinfo")) {
		front, back, _ := strings.Cut(line, " - ")
		f, b := strings.Fields(front), strings.Fields(back)
		if f[4] == at {
			m = mounted{options: f[5], tags: strings.Join(f[6:], " "), fstype: b[0], super: b[2]}
		}
	}
	if m.fstype == "" {
		t.Fatalf("nothing is mounted on %s", at)
	}
	return m
}

// tree makes a directory with the given content: "name/" is a directory, a value "-> x" a symlink to x, any other a file.
func tree(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		target, link := strings.CutPrefix(text, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = errors.Join(err, os.MkdirAll(path, 0o755))
		case link:
			err = errors.Join(err, os.Symlink(target, path))
		default:
			err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// has says whether list, separated by commas, holds word.
func has(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }
