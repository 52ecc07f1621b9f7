package container

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// draft is a container on paper: all that is known before anything is made.
type draft struct {
	id     string
	opt    CreateOptions
	bundle *bundle.Bundle
	host   plan.Host
	plan   plan.Plan
	way    *host.Cgroups // nil: nothing asks for a cgroup
	wait   bool          // the container will wait for start

	monitor string // path of urun-monitor, where it may be needed
}

func (d *draft) close() {
	if d.way != nil {
		d.way.Close()
	}
}

// Compile makes the plan that create or run would carry out.
func (r *Runtime) Compile(id string, o CreateOptions) (plan.Plan, error) {
	d, err := r.draft(id, o, false)
	if err != nil {
		return plan.Plan{}, err
	}
	defer d.close()
	return d.plan, nil
}

// draft reads the bundle and compiles it; nothing is changed anywhere. wait: the container will wait for start.
func (r *Runtime) draft(id string, o CreateOptions, wait bool) (*draft, error) {
	if err := state.ValidID(id); err != nil {
		return nil, err
	}
	t := time.Now()
	b, err := bundle.Load(o.Bundle)
	if err != nil {
		return nil, err
	}
	t = r.trace("decode", t)
	d := &draft{id: id, opt: o, bundle: b, wait: wait}
	if err := r.compile(d, t); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// compile is the part of draft that has read the bundle.
func (r *Runtime) compile(d *draft, t time.Time) error {
	oneID, err := r.survey(d)
	if err != nil {
		return err
	}
	t = r.trace("host", t)
	opt, err := r.options(d, oneID)
	if err == nil {
		d.plan, err = plan.Compile(d.bundle.Spec, d.host, opt)
	}
	if err == nil {
		r.trace("compile", t)
		for _, aside := range d.plan.Asides {
			r.Debug(aside)
		}
		err = d.checkDevices()
	}
	if err != nil && strings.HasPrefix(err.Error(), "-") { // a flag, or the annotation that says the same
		return err
	}
	if err != nil {
		return fmt.Errorf("config.json: %w", err)
	}
	if r.Strict && len(d.plan.Notices) > 0 {
		return errors.New("--strict: " + d.plan.Notices[0].String())
	}
	return nil
}

// survey looks at the host, as far as the config and the flags make it worth a look. What the flags say about the network is in the
// config then. oneID: a user namespace that is joined for it has one id.
func (r *Runtime) survey(d *draft) (oneID bool, err error) {
	spec := d.bundle.Spec
	h, err := detect(spec.Process)
	if err != nil {
		return false, err
	}
	if plan.NeedsSubIDs(spec.Linux, h.UID, h.GID) {
		host.SubIDs(&h)
	}
	detectLabels(&h, spec.Linux)
	if plan.WantsCgroup(spec, r.CgroupManager) && r.CgroupManager != plan.NoCgroup {
		d.way = host.FindCgroups()
		h.Cgroups = d.way.Facts
		if d.way.Trouble != "" {
			r.Warn(d.way.Trouble)
		}
	}
	d.opt.Network.Annotate(spec)
	if oneID, err = r.shareNetwork(spec); err != nil {
		return false, err
	}
	networked := network.Asked(spec.Annotations)
	if networked {
		host.Network(&h, spec.Annotations[network.KeyNet])
	}
	d.monitor, h.NoMonitor = findMonitor(spec, d.opt.attended, networked)
	d.host = h
	return oneID, nil
}

// options are what the plan depends on beside the config and the host.
func (r *Runtime) options(d *draft, oneID bool) (opt plan.Options, err error) {
	o, b := &d.opt, d.bundle
	o.PreserveFDs += o.Activation.Sockets
	opt = plan.Options{
		ID: d.id, Bundle: b.Dir, CgroupManager: r.CgroupManager, NoPivot: o.NoPivot, NoNewKeyring: o.NoNewKeyring, PreserveFDs: o.PreserveFDs, Wait: d.wait,
		Activation: o.Activation, Attended: o.attended, StateDir: filepath.Join(r.Store.Root, d.id), JoinsOneID: oneID,
	}
	if o.KeepGroups {
		keepGroups(b.Spec)
	}
	if b.Spec.Process != nil && b.Spec.Process.Terminal && o.ConsoleSocket == "" {
		opt.Rows, opt.Cols = windowSize(d.host)
	}
	if b.Spec.Root != nil && b.Spec.Process != nil {
		opt.Home = home(b.Dir, b.Spec.Root.Path, b.Spec.Process.User.UID)
	}
	opt.Filter, err = r.filter(b.Spec, b.Raw, b.Filter)
	return opt, err
}

// windowSize is the size that a relayed terminal gets: the caller's, or the customary one where there is none.
func windowSize(h plan.Host) (rows, cols uint16) {
	if h.Rows == 0 && h.Cols == 0 {
		return 24, 80
	}
	return h.Rows, h.Cols
}

// notices hands out what the plan does not hold in full.
func (r *Runtime) notices(p plan.Plan) {
	for _, n := range p.Notices {
		r.Notify(n)
	}
}

// trace reports, to --debug, how long a part took that began at since.
func (r *Runtime) trace(part string, since time.Time) time.Time {
	now := time.Now()
	r.Debug("trace: " + part + " " + now.Sub(since).String())
	return now
}
