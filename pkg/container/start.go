package container

import (
	"errors"
	"fmt"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// Start lets the process of a created container become its command.
func (r *Runtime) Start(id string) error {
	dir, err := r.Store.Open(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Lock(); err != nil {
		return err
	}
	rec, err := dir.Load()
	if err != nil {
		return err
	}
	if !state.Alive(rec) {
		return errors.New("cannot start a container that has stopped")
	}
	if paused(rec) { // it would not answer, and resume would wait for our lock
		return errors.New("cannot start a paused container; resume it first")
	}
	w := &waking{Runtime: r, dir: dir, rec: rec}
	err = sandbox.Wake(socketPath(dir), sandbox.WakeOptions{Program: w.program, CallOut: w.callOut, Noted: func(int) {}, Listener: w.listener})
	if errors.Is(err, sandbox.ErrNotWaiting) {
		if !state.Alive(rec) {
			return errors.New("cannot start a container that has stopped")
		}
		return errors.New("cannot start an already running container")
	}
	if err == nil {
		_ = os.Remove(socketPath(dir))
		err = r.poststart(savedHooks(dir), rec)
		w.unhooked = err != nil
	}
	if w.unhooked {
		r.giveUp(dir, rec)
	}
	return explain(err)
}

// waking is the late half of a birth, in another process than the early one: the plan is compiled anew if it is asked for.
type waking struct {
	*Runtime
	dir *state.Dir
	rec state.Record

	unhooked bool // a hook has failed
}

func (w *waking) spec() (*specs.Spec, error) {
	raw, err := w.dir.Config()
	if err != nil {
		return nil, err
	}
	return bundle.Decode(raw)
}

func (w *waking) plan() (plan.Plan, error) {
	spec, err := w.spec()
	if err != nil {
		return plan.Plan{}, err
	}
	spec.Annotations = w.rec.Annotations // what --keep-groups has added is there
	oneID, err := w.shareNetwork(spec)
	if err != nil {
		return plan.Plan{}, err
	}
	h, err := detect(spec.Process)
	if err != nil {
		return plan.Plan{}, err
	}
	host.SubIDs(&h)
	opt := plan.Options{ID: w.rec.ID, Bundle: w.rec.Bundle, Wait: true, CgroupManager: plan.NoCgroup, StateDir: w.dir.Path(), Network: w.rec.Network, JoinsOneID: oneID}
	if w.rec.Cgroup != nil {
		opt.CgroupManager = w.rec.Cgroup.Manager
		h.Cgroups = plan.Cgroups{Systemd: true, Own: "/"} // it has been found before
	}
	return plan.Compile(spec, h, opt)
}

func (w *waking) program() *program.Program {
	p, err := w.plan()
	if err != nil {
		return program.New()
	}
	return p.Program()
}

// listener hands the descriptor on which the kernel asks about the container's system calls to the agent.
func (w *waking) listener(fd int) error {
	spec, err := w.spec()
	if err != nil {
		return err
	}
	pidfd, err := openInit(w.rec)
	if err != nil {
		return err
	}
	defer unix.Close(pidfd)
	return inform(spec.Linux.Seccomp, w.rec, statusCreated, w.rec.Pid, pidfd, fd)
}

// callOut runs hook n inside the waiting container.
func (w *waking) callOut(n int, show sandbox.Show) error {
	p, err := w.plan()
	if err != nil {
		return err
	}
	if n >= len(p.CallOuts) {
		return fmt.Errorf("call-out %d is not in the plan", n)
	}
	err = w.runHook(p.CallOuts[n], w.rec, statusCreated, -1, show)
	w.unhooked = err != nil
	return err
}
