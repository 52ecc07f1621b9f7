package plan

import (
	"fmt"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/step"
)

// Target is the running container that a process is added to.
type Target struct {
	ID     string
	Own    uint64 // CLONE_NEW* of the namespaces that are not the caller's
	UIDMap idmap.Map
	GIDMap idmap.Map

	Personality  *specs.LinuxPersonality // of the container's config; its own attributes hold for every process in it
	MemoryPolicy *specs.LinuxMemoryPolicy
	Seccomp      *specs.LinuxSeccomp
	Waits        bool        // it has not been started, and has shown its namespaces, the inputs of step.NamespacesOf
	InCgroup     bool        // the container has a cgroup of its own, and so the process has to be put there
	KeepGroups   bool        // the container keeps the caller's supplementary groups
	Instead      []step.Step // what stands for limits of the container that no cgroup holds (CompileUpdate)
}

// CompileExec makes the plan for one more process p in a container. The parent passes a pidfd of the container's first process
// as the input "target", or, where that waits for its start, the namespaces themselves.
func CompileExec(p *specs.Process, t Target, host Host, opt Options) (Plan, error) {
	c := &compiler{host: host, opt: opt}
	if err := checkProcess("process", p); err != nil {
		return Plan{}, err
	}
	setGroups := !(t.UIDMap.Single(host.UID) && t.GIDMap.Single(host.GID)) || t.UIDMap == nil
	if err := c.execUsers(p, t, setGroups); err != nil {
		return Plan{}, err
	}
	attributes, err := c.attributes(p, t.Personality, t.MemoryPolicy)
	if err != nil {
		return Plan{}, err
	}
	initial, final, err := affinity(p.ExecCPUAffinity)
	if err != nil {
		return Plan{}, err
	}
	labels, err := c.labels(p)
	if err != nil {
		return Plan{}, err
	}
	if t.KeepGroups {
		c.keepGroups(p.User)
		setGroups = false
	}
	sets := parseCaps(p, host.LastCap, c.note)
	c.plan.Birth.Terminal = p.Terminal
	c.add(initial...)
	c.add(step.Keep{})
	if c.plan.Enter = t.InCgroup; t.InCgroup {
		c.add(step.Await{For: "the cgroup"})
	}
	if err := c.oomScore(p.OOMScoreAdj); err != nil {
		return Plan{}, err
	}
	if len(labels) > 0 {
		c.add(step.HostProc{})
	}
	c.add(step.Undumpable{})
	if t.Waits {
		c.add(step.JoinAll(t.Own, t.ID)...)
	} else {
		c.add(step.Join{Input: "target", Flags: t.Own, From: t.ID})
	}
	c.add(step.Fork{})
	c.add(step.Become{UID: first(t.UIDMap), GID: first(t.GIDMap), SetGroups: setGroups, Hidden: true}, step.Session{})
	if p.Terminal {
		c.add(consoleOf(p, opt.Rows, opt.Cols))
		if opt.Wait {
			c.add(step.Ready{})
		}
	} else {
		c.handover(p.User)
	}
	c.add(final...)
	c.add(labels...)
	c.add(step.Cwd{Path: p.Cwd})
	c.add(attributes...)
	for _, s := range t.Instead {
		if _, ok := s.(step.Scheduler); ok { // the caller may be of a lower priority already, which no ordinary user can raise
			s = step.Optional{Step: s, On: []syscall.Errno{unix.EPERM, unix.EACCES}}
		}
		c.add(s)
	}
	if err := c.become(p, sets, setGroups, t.Seccomp); err != nil {
		return Plan{}, err
	}
	return c.plan, nil
}

func (c *compiler) execUsers(p *specs.Process, t Target, setGroups bool) error {
	if _, ok := t.UIDMap.ToHost(p.User.UID); !ok && t.UIDMap != nil {
		return fmt.Errorf("process.user.uid: %d is not mapped in the container (%s)", p.User.UID, t.UIDMap)
	}
	if _, ok := t.GIDMap.ToHost(p.User.GID); !ok && t.GIDMap != nil {
		return fmt.Errorf("process.user.gid: %d is not mapped in the container (%s)", p.User.GID, t.GIDMap)
	}
	return checkGroups("process.user", p.User.AdditionalGids, setGroups, t.GIDMap)
}
