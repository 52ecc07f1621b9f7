package plan

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/step"
)

// Update is what an update of a running container comes to.
type Update struct {
	Resources *specs.LinuxResources // linux.resources as they are asked from now on
	Settings  []cgroup.Setting      // to be written into the container's cgroup
	Instead   []Instead             // what no cgroup holds
	Notices   []Notice              // about keys that have no effect
}

// Instead is what is done to each process of the container for a limit that no cgroup holds.
type Instead struct {
	Setting cgroup.Setting
	Step    step.Step // Rlimit, Scheduler or Affinity; nil: there is no other way
	Notice  Notice    // if it can be done
}

// Limited is the container whose limits are looked at.
type Limited struct {
	Process     *specs.Process        // of its config
	Before      *specs.LinuxResources // as they were asked until now; may be nil
	InCgroup    bool                  // it has a cgroup of its own
	Controllers []string              // that its cgroup has or can have
	NoCgroup    string                // why it has none
	Watched     string                // who holds its memory together where no cgroup does; empty: nobody
}

// CompileUpdate settles what becomes of change in the container l. Numbers that depend on each other, as memory and swap do, are
// taken from Before where change is silent. An error begins with the JSON path of a value that makes no sense.
func CompileUpdate(l Limited, change *specs.LinuxResources, host Host) (Update, error) {
	u := Update{Resources: Merge(l.Before, change)}
	settings, notices, err := cgroup.Settings(touched(u.Resources, change))
	if err != nil {
		return Update{}, err
	}
	for _, n := range notices {
		u.Notices = append(u.Notices, Notice(n))
	}
	forget(u.Resources)
	c := &compiler{host: host, watched: l.Watched, spec: &specs.Spec{Process: l.Process, Linux: &specs.Linux{Resources: u.Resources}}}
	for _, s := range settings {
		if n := len(u.Instead); n > 0 && u.Instead[n-1].Setting.Path == s.Path {
			continue // it would have been a second file of the same limit
		}
		switch {
		case l.InCgroup && (s.Controller == "" || slices.Contains(l.Controllers, s.Controller)):
			u.Settings = append(u.Settings, s)
		case l.InCgroup:
			u.Instead = append(u.Instead, c.insteadOf(s, "the controller "+s.Controller+" is not delegated to the container's cgroup",
				cgroup.DropInFor(s.Controller, settings, l.Controllers)))
		default:
			u.Instead = append(u.Instead, c.insteadOf(s, l.NoCgroup, ""))
		}
	}
	return u, nil
}

// touched are the resources that change is about, with those that are decided together with them.
func touched(all, change *specs.LinuxResources) *specs.LinuxResources {
	t := *change
	if m := change.Memory; m != nil {
		memory := *all.Memory
		if given(nil, m.Limit) == nil && given(nil, m.Swap) == nil && given(nil, m.Reservation) == nil {
			memory.Limit, memory.Swap, memory.Reservation = nil, nil, nil
		}
		t.Memory = &memory
	}
	if c := change.CPU; c != nil {
		cpu := *all.CPU
		cpu.Cpus, cpu.Mems = c.Cpus, c.Mems
		if given(nil, c.Quota) == nil && given(nil, c.Period) == nil && burstOf(c) == nil {
			cpu.Quota, cpu.Period, cpu.Burst = nil, nil, nil
		}
		if given(nil, c.Shares) == nil && c.Idle == nil {
			cpu.Shares, cpu.Idle = nil, nil
		}
		t.CPU = &cpu
	}
	return &t
}

// forget drops what is asked for one update alone, so that it is not asked, and answered by the same notice, with each later one.
func forget(r *specs.LinuxResources) {
	if m := r.Memory; m != nil {
		r.Memory = &specs.LinuxMemory{Limit: m.Limit, Reservation: m.Reservation, Swap: m.Swap}
	}
	if c := r.CPU; c != nil {
		cpu := *c
		cpu.RealtimeRuntime, cpu.RealtimePeriod = nil, nil
		r.CPU = &cpu
	}
}

// insteadOf finds another way for a limit. Where no limit is asked, one that was set in the same way has to go.
func (c *compiler) insteadOf(s cgroup.Setting, why, fix string) Instead {
	i := Instead{Setting: s}
	if s.Lifts() {
		switch s.File {
		case "pids.max":
			i.Step = c.unlimited("RLIMIT_NPROC", unix.RLIMIT_NPROC)
		case "memory.max":
			i.Step = c.unlimited("RLIMIT_DATA", unix.RLIMIT_DATA)
		}
		i.Notice = Notice{Code: "URUN-CG-003", Want: s.Path + " (" + s.String() + ")", Got: "no limit"}
		return i
	}
	c.substitutes, c.plan.Notices = nil, nil
	c.instead(s, why, fix)
	i.Notice = c.plan.Notices[0]
	if len(c.substitutes) > 0 {
		i.Step = c.substitutes[0]
	}
	if i.Step == nil && s.File == "cpu.weight" && c.spec.Process.Scheduler == nil && c.plainShares() {
		i.Step, i.Notice.Got = step.Scheduler{Name: "SCHED_OTHER"}, "nice 0: as much as other processes"
	}
	return i
}

// unlimited is as much as the caller may have.
func (c *compiler) unlimited(name string, resource int) step.Step {
	most := uint64(unix.RLIM_INFINITY)
	if resource < len(c.host.HardLimits) {
		most = c.host.HardLimits[resource]
	}
	return step.Rlimit{Name: name, Resource: resource, Soft: most, Hard: most}
}

// plainShares says whether the weight that is asked is not below the usual, so that no nice value stands for it.
func (c *compiler) plainShares() bool {
	cpu := c.spec.Linux.Resources.CPU
	return cpu != nil && cpu.Shares != nil && *cpu.Shares > 0
}
