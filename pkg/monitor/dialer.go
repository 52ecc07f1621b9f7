package monitor

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rootless-containers/rootlesskit/v3/pkg/port/builtin/child"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/step"
)

// DialerArg is the first argument of the process that makes connections inside a container.
const DialerArg = "--connect"

// Descriptors of that process.
const (
	dialerLife = 0 // a socket; it ends when the other end is closed
	dialerDir  = 1 // the container's state directory
)

// dialer is the process that makes connections inside the container, and hands them over on a Unix socket in the state directory.
// It is this program once more, in the container's user and network namespace and nothing else of the container's. It keeps the
// caller's own id, so that it has no capability there: none is needed to connect.
type dialer struct {
	child *sandbox.Child
	life  int
}

// startDialer enters the namespaces with a short program, as exec does: Go has many threads, and the kernel lets none of them into
// another user namespace (setns(2)).
//
// Preconditions: the container waits, and can be entered.
func startDialer(w *watch, user bool, opaque map[string]string) (*dialer, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(pair[1])
	flags := uint64(unix.CLONE_NEWNET)
	if user {
		flags |= unix.CLONE_NEWUSER
	}
	args := []string{companion.Name, DialerArg}
	for key, value := range opaque {
		args = append(args, key+"="+filepath.Base(value))
	}
	p := plan.Plan{Steps: []step.Step{
		step.Keep{}, step.Undumpable{},
		step.Join{Input: "target", Flags: flags, From: "the container"},
		step.Redirect{Input: "life", FD: dialerLife}, step.Redirect{Input: "dir", FD: dialerDir},
		step.Inheritance{}, step.Exec{Files: []string{"/proc/self/exe"}, Args: args},
	}}
	c, err := sandbox.Start(p, sandbox.Options{Inputs: map[string]int{"target": w.pidfd, "life": pair[1], "dir": companion.DirFD}})
	if err != nil {
		unix.Close(pair[0])
		return nil, fmt.Errorf("enter the container's network: %w", err)
	}
	return &dialer{child: c, life: pair[0]}, nil
}

func (d *dialer) wait() string {
	return ending(d.child.Wait())
}

func (d *dialer) stop() { unix.Close(d.life) }

// Dial is the whole life of the process that makes connections inside a container. It returns the exit code.
func Dial(opaque map[string]string) int {
	runtime.GOMAXPROCS(1) // it connects and does no more; see carry
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	ignoreSignals()
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(dialerLife, "life"))
		os.Exit(0)
	}()
	dir := fmt.Sprintf("/proc/self/fd/%d", dialerDir)
	for key, value := range opaque {
		opaque[key] = filepath.Join(dir, value)
	}
	if child.NewDriver(io.Discard).RunChildDriver(opaque, nil, "") != nil {
		return 1
	}
	return 0
}
