package container

import (
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
	"github.com/urun/urun/pkg/step"
)

// instead lists what a process that is added to the container does itself, in place of the limits that no cgroup holds: the
// container's first process has done the same, and its children have inherited it.
func instead(rec state.Record, spec *specs.Spec) ([]step.Step, error) {
	if !substituted(rec) {
		return nil, nil
	}
	if err := askedNow(spec, rec); err != nil || spec.Linux.Resources == nil {
		return nil, err
	}
	l := plan.Limited{Process: spec.Process, InCgroup: rec.Cgroup != nil}
	if g := rec.Cgroup; g != nil {
		d, err := cgroup.Open(g.Inner())
		if err != nil {
			return nil, err
		}
		defer d.Close()
		if l.Controllers, err = d.Available(); err != nil {
			return nil, err
		}
	}
	h := plan.Host{}
	host.Limits(&h)
	asked := *spec.Linux.Resources
	asked.Devices = nil
	u, err := plan.CompileUpdate(l, &asked, h)
	if err != nil {
		return nil, err
	}
	var steps []step.Step
	for _, i := range u.Instead {
		if i.Step != nil && !i.Setting.Lifts() {
			steps = append(steps, i.Step)
		}
	}
	return steps, nil
}

// substituted says whether a limit of the container is held another way.
func substituted(rec state.Record) bool {
	for _, n := range rec.Notices {
		if n.Code == "URUN-CG-003" && strings.HasPrefix(n.Want, "linux.resources.") {
			return true
		}
	}
	return false
}
