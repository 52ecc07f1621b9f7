package container

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
)

// inCgroup writes the settings into the container's cgroup and, where systemd made it, into the properties of the scope: else the
// limit of the scope would go on holding, and systemd would restore it. undo takes back what has been done.
func (u *update) inCgroup(settings []cgroup.Setting) (undo func(), err error) {
	if len(settings) == 0 {
		return func() {}, nil
	}
	for _, s := range settings {
		if err := u.leaf.Fits(s); err != nil {
			return func() {}, err
		}
	}
	if u.rec.Cgroup.Manager != plan.BySystemd {
		enable(path.Dir(u.rec.Cgroup.Path), cgroup.Controllers(settings))
	}
	undo = u.remember(settings)
	failures := u.leaf.Apply(settings)
	held := settings
	for _, f := range failures {
		u.notices = append(u.notices, refused(f, "no change"))
		held = slices.DeleteFunc(slices.Clone(held), func(s cgroup.Setting) bool { return s == f.Setting })
	}
	u.held += len(held)
	if u.Strict && len(failures) > 0 {
		return undo, errors.New("--strict: " + u.notices[0].String())
	}
	return undo, u.inUnit(held)
}

// refused is the notice about a setting that the kernel did not take, with what there is instead.
func refused(f cgroup.Failure, got string) plan.Notice {
	return plan.Notice{
		Code: "URUN-CG-004", Want: f.Setting.Path + " (" + f.Setting.String() + ")", Got: got,
		Why: strings.TrimSpace(f.Err.Error() + " " + f.Why), Fix: f.Fix,
	}
}

// remember keeps what the files hold now. Those with a line for each device are left: their lines cannot be written back as one.
func (u *update) remember(settings []cgroup.Setting) (undo func()) {
	before := map[string]string{}
	for _, s := range settings {
		if text, err := u.leaf.Read(s.File); err == nil && !byDevice(s.File) {
			before[s.File] = strings.TrimSpace(text)
		}
	}
	return func() {
		for _, s := range settings {
			if value, ok := before[s.File]; ok {
				_ = u.leaf.Write(s.File, value)
			}
		}
	}
}

// inUnit gives the scope the same limits.
func (u *update) inUnit(settings []cgroup.Setting) error {
	g := u.rec.Cgroup
	if g.Manager != plan.BySystemd || len(settings) == 0 {
		return nil
	}
	way := host.FindCgroups()
	defer way.Close()
	if !way.Facts.Systemd {
		return fmt.Errorf("the scope %s has limits of its own: %s", g.Unit, way.Facts.NoSystemd)
	}
	list, err := cgroup.Properties(settings, way.Version)
	if err != nil || len(list) == 0 {
		return err
	}
	if inScope(u.rec.Monitor) {
		list = roomForMonitor(list, slices.Contains(u.rec.Monitor.Duties, companion.Net))
	}
	return way.Manager.Set(deadline(), g.Unit, list)
}

// handedOn are the controllers that the cgroup at dir has or can be given by those above it, as far as they are the caller's.
func handedOn(dir string, have []string) []string {
	for up := path.Dir(dir); ; up = path.Dir(up) {
		s, err := cgroup.Inspect(up)
		if err != nil || !s.Writable {
			return have
		}
		have = s.Available
	}
}

// enable has the cgroup at dir, and where it lacks some those above it, hand controllers on. Where that is not to be had the
// settings that need it say so.
func enable(dir string, names []string) {
	s, err := cgroup.Inspect(dir)
	if err != nil || !s.Writable {
		return
	}
	lacks := func(name string) bool { return !slices.Contains(s.Available, name) }
	if slices.ContainsFunc(names, lacks) {
		enable(path.Dir(dir), names)
	}
	d, err := cgroup.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	if d.Evacuate(callersName) == nil {
		_, _ = d.Enable(names)
	}
}
