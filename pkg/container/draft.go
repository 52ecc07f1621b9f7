package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

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
	h, err := detect(b.Spec.Process)
	if err != nil {
		return nil, err
	}
	if plan.NeedsSubIDs(b.Spec.Linux, h.UID, h.GID) {
		host.SubIDs(&h)
	}
	detectLabels(&h, b.Spec.Linux)
	var way *host.Cgroups
	if plan.WantsCgroup(b.Spec, r.CgroupManager) && r.CgroupManager != plan.NoCgroup {
		way = host.FindCgroups()
		h.Cgroups = way.Facts
		if way.Trouble != "" {
			r.Warn(way.Trouble)
		}
	}
	o.Network.Annotate(b.Spec)
	oneID, err := r.shareNetwork(b.Spec)
	if err != nil {
		return nil, err
	}
	networked := network.Asked(b.Spec.Annotations)
	if networked {
		host.Network(&h, b.Spec.Annotations[network.KeyNet])
	}
	monitor, why := findMonitor(b.Spec, o.attended, networked)
	h.NoMonitor = why
	t = r.trace("host", t)
	o.PreserveFDs += o.Activation.Sockets
	opt := plan.Options{
		ID: id, Bundle: b.Dir, CgroupManager: r.CgroupManager, NoPivot: o.NoPivot, NoNewKeyring: o.NoNewKeyring, PreserveFDs: o.PreserveFDs, Wait: wait,
		Activation: o.Activation, Attended: o.attended, StateDir: filepath.Join(r.Store.Root, id), JoinsOneID: oneID,
	}
	if o.KeepGroups {
		keepGroups(b.Spec)
	}
	if b.Spec.Process != nil && b.Spec.Process.Terminal && o.ConsoleSocket == "" {
		opt.Rows, opt.Cols = windowSize(h)
	}
	if b.Spec.Root != nil && b.Spec.Process != nil {
		opt.Home = home(b.Dir, b.Spec.Root.Path, b.Spec.Process.User.UID)
	}
	if opt.Filter, err = r.filter(b.Spec, b.Raw, b.Filter); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	p, err := plan.Compile(b.Spec, h, opt)
	if err != nil && strings.HasPrefix(err.Error(), "-") { // a flag, or the annotation that says the same
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	r.trace("compile", t)
	for _, aside := range p.Asides {
		r.Debug(aside)
	}
	d := &draft{id: id, opt: o, bundle: b, host: h, plan: p, way: way, wait: wait, monitor: monitor}
	if err := d.checkDevices(); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	if r.Strict && len(d.plan.Notices) > 0 {
		return nil, errors.New("--strict: " + d.plan.Notices[0].String())
	}
	return d, nil
}

// windowSize is the size that a relayed terminal gets: the caller's, or the customary one where there is none.
func windowSize(h plan.Host) (rows, cols uint16) {
	if h.Rows == 0 && h.Cols == 0 {
		return 24, 80
	}
	return h.Rows, h.Cols
}

// check refuses what can be seen to go wrong before a process is born.
func (d *draft) check(detach bool) error {
	info, err := os.Lstat(d.plan.Birth.Rootfs)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("root.path: %s does not exist", d.plan.Birth.Rootfs)
		return &hinted{err, "the root file system of the container goes there, from an image or from packages"}
	case err != nil:
		return fmt.Errorf("root.path: %w", err)
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("root.path: %s is a symlink; name the directory itself", d.plan.Birth.Rootfs)
	case !info.IsDir():
		return fmt.Errorf("root.path: %s is not a directory", d.plan.Birth.Rootfs)
	}
	if err := checkAgent(d.plan); err != nil {
		return err
	}
	if err := checkConsole(d.plan.Birth.Terminal, detach, d.opt.ConsoleSocket); err != nil {
		return err
	}
	return checkPreserved(d.opt.PreserveFDs, d.opt.Activation.Sockets)
}

func checkConsole(terminal, detach bool, socket string) error {
	if terminal && detach && socket == "" {
		err := errors.New("cannot allocate tty if urun will detach without setting console socket (process.terminal is true)")
		return &hinted{err, "set process.terminal to false (for exec leave --tty out), or stay in the foreground"}
	}
	if socket != "" && !(terminal && detach) {
		return errors.New("cannot use console socket if urun will not detach or allocate tty")
	}
	return nil
}

// checkPreserved makes sure that descriptors 3 … 3+n-1 came from the caller: what urun itself has opened is close-on-exec.
func checkPreserved(n, listen int) error {
	for fd := 3; fd < 3+n; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			if fd < 3+listen {
				return fmt.Errorf("LISTEN_FDS=%d: descriptor %d is not open", listen, fd)
			}
			return fmt.Errorf("--preserve-fds %d: descriptor %d is not open", n-listen, fd)
		}
	}
	return nil
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
