package container

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// writeDown notes in the record what is asked by now, what holds of it, and what does not.
func (u *update) writeDown(p plan.Update) error {
	raw, err := json.Marshal(p.Resources)
	if err != nil {
		return err
	}
	u.rec.Resources = string(raw)
	settled := map[string]bool{}
	for _, s := range p.Settings {
		settled[s.Path] = true
	}
	for _, i := range p.Instead {
		settled[i.Setting.Path] = true
	}
	u.rec.Notices = slices.DeleteFunc(slices.Clone(u.rec.Notices), func(n state.Notice) bool {
		about, _, _ := strings.Cut(n.Want, " ")
		return settled[about]
	})
	for _, n := range u.notices {
		u.rec.Notices = append(u.rec.Notices, state.Notice(n))
	}
	if u.leaf == nil {
		return nil
	}
	g := *u.rec.Cgroup
	g.Limits = slices.DeleteFunc(slices.Clone(g.Limits), func(l state.Limit) bool { return replaced(l, p.Settings) })
	g.Limits = append(g.Limits, limits(u.leaf, p.Settings)...)
	u.rec.Cgroup = &g
	return nil
}

// limits are the settings as they were asked for, with what the files of the cgroup say is held.
func limits(d *cgroup.Dir, settings []cgroup.Setting) (list []state.Limit) {
	for _, s := range settings {
		got, _ := d.Read(s.File)
		list = append(list, state.Limit{Want: s.Path, File: s.File, Asked: s.Value, Got: strings.TrimSpace(got)})
	}
	return list
}

// replaced says whether a limit is out of date: its file has been written anew. Files of several devices hold a line for each.
func replaced(l state.Limit, settings []cgroup.Setting) bool {
	return slices.ContainsFunc(settings, func(s cgroup.Setting) bool {
		return s.File == l.File && (s.Path == l.Want || !byDevice(s.File))
	})
}

func byDevice(file string) bool { return strings.HasPrefix(file, "io.") || file == "rdma.max" }
