package container

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/seccomp"
	"github.com/urun/urun/pkg/state"
	"github.com/urun/urun/pkg/step"
)

// tenant is a container that a process is added to, and the way in.
type tenant struct {
	rec    state.Record
	spec   *specs.Spec
	filter *seccomp.Filter
	init   int           // pidfd of its first process
	begun  bool          // the first process has executed its command
	shown  sandbox.Shown // its namespaces, where the first process waits for its start; else nil

	patient bool // exec does not mind that the container is paused
	newborn int  // pidfd of the process that waits in a cgroup that may be frozen; -1: none
}

var errStopped = errors.New("cannot exec in a stopped container")

// tenant looks at the container id as exec finds it.
func (r *Runtime) tenant(id string, ignorePaused bool) (*tenant, error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	rec, err := dir.Load()
	if err != nil {
		return nil, err
	}
	t := &tenant{rec: rec, patient: ignorePaused, newborn: -1}
	if t.init, t.begun, err = openFirst(rec); errors.Is(err, errNotRunning) {
		return nil, errStopped
	}
	if err != nil {
		return nil, err
	}
	if rec.Creating {
		t.close()
		return nil, errors.New("cannot exec in a container that is being created")
	}
	if err := t.open(r, dir); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// open reads the config of the container and finds the way in.
func (t *tenant) open(r *Runtime, dir *state.Dir) error {
	if !t.patient && paused(t.rec) {
		return errors.New("cannot exec in a paused container (use --ignore-paused to override)")
	}
	raw, err := dir.Config()
	if err != nil {
		return err
	}
	spec, section, err := bundle.DecodeApart(raw)
	if err != nil {
		return err
	}
	t.spec = spec
	if t.filter, err = r.filter(spec, raw, section); err != nil {
		return err
	}
	return t.look(dir)
}

// look asks a first process that waits for its start to show its namespaces: it still runs urun's program, and is undumpable, so
// that nobody in the container gets at it, nor we.
func (t *tenant) look(dir *state.Dir) error {
	if _, err := os.Lstat(socketPath(dir)); err != nil {
		return t.await()
	}
	if paused(t.rec) && waits(dir) {
		return errors.New("cannot exec in a container that is paused before its start: resume it first")
	}
	var err error
	t.shown, err = sandbox.Look(socketPath(dir), t.rec.Namespaces)
	if errors.Is(err, sandbox.ErrNotWaiting) { // started meanwhile
		return t.await()
	}
	return err
}

// await waits until the first process has executed its command. Run lets its record be seen a little earlier, and whoever joined
// it then could find themselves in the host's tree.
func (t *tenant) await() error {
	for deadline := time.Now().Add(lockTime); !t.begun; time.Sleep(time.Millisecond) {
		alive, begun := state.Begun(t.rec)
		if !alive {
			return errStopped
		}
		if t.begun = begun; !begun && time.Now().After(deadline) {
			return fmt.Errorf("the container has not begun within %v: its process still makes its mounts, or has been stopped", lockTime)
		}
	}
	return nil
}

// ended says whether the first process has: what the kernel then says to those who would join it is no explanation.
func (t *tenant) ended() bool {
	fds := []unix.PollFd{{Fd: int32(t.init), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

// inputs are the descriptors that the plan of exec joins.
func (t *tenant) inputs() map[string]int {
	inputs := map[string]int{}
	if t.shown == nil {
		inputs["target"] = t.init
	}
	for name, fd := range t.shown {
		inputs[name] = fd
	}
	return inputs
}

// enter puts a process that is being added into the container's cgroup, or into sub of it. In one that is frozen it comes no
// further until it is resumed, so that signals are for it already: those that ask urun to end then end it.
func (t *tenant) enter(sub string, pid int, fwd *forwarder) error {
	if err := enter(t.rec, sub, pid); err != nil || fwd == nil || !t.patient {
		return err
	}
	fd, err := openProcess(pid)
	if err != nil {
		return err
	}
	fwd.aim(fd)
	t.forget()
	t.newborn = fd
	return nil
}

func (t *tenant) forget() {
	if t.newborn >= 0 {
		unix.Close(t.newborn)
	}
}

// settle starts the planned process. Between its start and its command the first process lets nobody in, for a moment.
func (t *tenant) settle(pl plan.Plan, opt sandbox.Options) (*sandbox.Child, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		c, err := sandbox.Start(pl, opt)
		switch errno := refusal(pl, err); {
		case errno == unix.ESRCH, err != nil && t.ended(): // it is ending, and its status may not show that yet
			return nil, errStopped
		case errno != unix.EPERM || wait > time.Second:
			return c, err
		}
		time.Sleep(wait)
	}
}

// refusal is the errno with which the kernel refused to let a process join; 0: err is something else.
func refusal(pl plan.Plan, err error) syscall.Errno {
	var failed *sandbox.StepError
	if errors.As(err, &failed) && failed.Step > 0 {
		if _, joining := pl.Steps[failed.Step-1].(step.Join); joining {
			return failed.Errno
		}
	}
	return 0
}

func (t *tenant) close() {
	t.forget()
	unix.Close(t.init)
	t.shown.Close()
}
