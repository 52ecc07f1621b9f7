package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// Update changes the limits of the container id, which may not have ended. Each limit is decided by itself, as when the container
// was made: what its cgroup cannot hold is done another way with a notice. It is an error when nothing of what is asked can be
// had, and then, as with any other error, nothing has changed. What is asked and what holds is written down for state.
func (r *Runtime) Update(id string, change *specs.LinuxResources) error {
	return r.locked(id, func(dir *state.Dir, rec state.Record) error {
		switch st := status(rec, dir); st {
		case statusStopped, statusCreating:
			return notRunning(st)
		}
		spec, err := limitsOf(dir, rec)
		if err != nil {
			return err
		}
		u := &update{Runtime: r, rec: rec, process: spec.Process, before: spec.Linux.Resources}
		err = u.carryOut(change)
		if !state.Alive(rec) {
			return errEnded
		}
		if err != nil {
			return err
		}
		return dir.Save(u.rec)
	})
}

// errEnded is the answer where the change was the container's end.
var errEnded = fmt.Errorf("%w any more: it ended while its limits were changed. Below what is in use the kernel takes memory back,"+
	" and kills where it cannot; memory.checkBeforeUpdate in a file of --resources refuses that", errNotRunning)

// limitsOf reads the config of a container, with its limits as they are asked by now.
func limitsOf(dir *state.Dir, rec state.Record) (*specs.Spec, error) {
	raw, err := dir.Config()
	if err != nil {
		return nil, err
	}
	spec, _, err := bundle.DecodeApart(raw)
	if err != nil {
		return nil, err
	}
	return spec, askedNow(spec, rec)
}

// askedNow gives a config the limits that updates have asked for since.
func askedNow(spec *specs.Spec, rec state.Record) error {
	if spec.Linux == nil {
		spec.Linux = &specs.Linux{}
	}
	if rec.Resources == "" {
		return nil
	}
	now := &specs.LinuxResources{}
	if err := json.Unmarshal([]byte(rec.Resources), now); err != nil {
		return fmt.Errorf("%w: resources: %v", state.ErrCorrupt, err)
	}
	spec.Linux.Resources = now
	return nil
}

// update is a change of limits on its way.
type update struct {
	*Runtime
	rec     state.Record
	process *specs.Process
	before  *specs.LinuxResources
	leaf    *cgroup.Dir // nil: the container has no cgroup
	held    int         // how much of what is asked is held, be it in part
	notices []plan.Notice
}

func (u *update) carryOut(change *specs.LinuxResources) error {
	p, err := u.compile(change)
	if u.leaf != nil {
		defer u.leaf.Close()
	}
	if err != nil {
		return err
	}
	if err := u.strict(p); err != nil {
		return err
	}
	undo, err := u.inCgroup(p.Settings)
	if err == nil {
		u.inProcesses(p.Instead)
	}
	if err == nil && u.held == 0 && len(p.Settings)+len(p.Instead) > 0 {
		err = fmt.Errorf("nothing of this can be had: %s", sayAll(u.notices))
	}
	if err != nil {
		undo()
		return err
	}
	u.notices = append(u.notices, p.Notices...)
	for _, n := range u.notices {
		u.Notify(n)
	}
	return u.writeDown(p)
}

// compile settles what is to be done.
func (u *update) compile(change *specs.LinuxResources) (plan.Update, error) {
	l := plan.Limited{Process: u.process, Before: u.before, NoCgroup: "the container has no cgroup of its own"}
	if g := u.rec.Cgroup; g != nil {
		where := g.Inner()
		leaf, err := cgroup.Open(where)
		if err != nil {
			return plan.Update{}, fmt.Errorf("the container's cgroup: %w", err)
		}
		u.leaf, l.InCgroup = leaf, true
		if l.Controllers, err = leaf.Available(); err != nil {
			return plan.Update{}, err
		}
		if g.Manager != plan.BySystemd {
			l.Controllers = handedOn(where, l.Controllers)
		}
	}
	if m := u.rec.Monitor; monitorLives(u.rec) && slices.Contains(m.Duties, companion.Memory) {
		l.Watched = m.By
	}
	h, err := detect(nil)
	if err != nil {
		return plan.Update{}, err
	}
	host.Limits(&h)
	return plan.CompileUpdate(l, change, h)
}

// strict refuses, with --strict, before anything is done.
func (u *update) strict(p plan.Update) error {
	if !u.Strict {
		return nil
	}
	notices := slices.Clone(p.Notices)
	for _, i := range p.Instead {
		if !i.Setting.Lifts() {
			notices = append(notices, i.Notice)
		}
	}
	if len(notices) == 0 {
		return nil
	}
	return errors.New("--strict: " + notices[0].String())
}

func sayAll(notices []plan.Notice) string {
	var all []string
	for _, n := range notices {
		all = append(all, n.String())
	}
	return strings.Join(all, "; ")
}
