package plan

import (
	"fmt"
	"path"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/seccomp"
	"github.com/urun/urun/pkg/step"
)

// CompileFilter makes the filter of linux.seccomp.
func CompileFilter(s *specs.LinuxSeccomp) (*seccomp.Filter, error) {
	if err := checkListener(s); err != nil {
		return nil, err
	}
	return seccomp.Compile(s, seccomp.Native())
}

// filter is the step for linux.seccomp; nil where there is none.
func (c *compiler) filter(s *specs.LinuxSeccomp) (*step.Seccomp, error) {
	f := c.opt.Filter
	if f == nil && s == nil {
		return nil, nil
	}
	if f == nil {
		var err error
		if f, err = CompileFilter(s); err != nil {
			return nil, err
		}
	}
	for _, name := range f.Skipped {
		c.plan.Asides = append(c.plan.Asides, "linux.seccomp: "+name+" is unknown here and says nothing")
	}
	filter := &step.Seccomp{Insns: f.Insns, Flags: f.Flags}
	if f.Listener {
		filter.Listener = s.ListenerPath
	}
	return filter, nil
}

// checkListener refuses what would have the process wait for the agent before the agent knows of it.
func checkListener(s *specs.LinuxSeccomp) error {
	if s.ListenerPath != "" && !path.IsAbs(s.ListenerPath) {
		return fmt.Errorf("linux.seccomp.listenerPath: %q is not an absolute path", s.ListenerPath)
	}
	for i, call := range s.Syscalls {
		if call.Action == specs.ActNotify && slices.Contains(call.Names, "write") {
			return fmt.Errorf("linux.seccomp.syscalls[%d].action: %s cannot be had for write, by which the agent comes to hear of the container",
				i, specs.ActNotify)
		}
	}
	return nil
}

// confine emits the process's last capabilities and the filter. With no_new_privs the filter needs no capability and comes last
// of all. Without, it takes CAP_SYS_ADMIN, which the process keeps for just that long.
func (c *compiler) confine(caps step.Caps, noNewPrivs bool, filter *step.Seccomp) {
	const admin = 1 << unix.CAP_SYS_ADMIN
	if filter != nil && filter.Listener != "" { // the process will be dumpable for a moment, and others may live beside it
		c.add(step.Forget{})
	}
	if filter != nil && !noNewPrivs && caps.Effective&admin == 0 {
		more := caps
		more.Effective |= admin
		more.Permitted |= admin
		c.add(more, *filter, step.GiveUp{Name: "CAP_SYS_ADMIN", Caps: caps})
		return
	}
	c.add(caps)
	if noNewPrivs {
		c.add(step.NoNewPrivs{})
	}
	if filter != nil {
		c.add(*filter)
	}
}
