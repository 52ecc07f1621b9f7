package plan

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/procs"
)

// Watch is what somebody keeps an eye on while the container lives: urun itself where it stays until the end, else urun-monitor.
type Watch struct {
	By   string         // Itself or companion.Name
	Duty companion.Duty // its Cgroup is known when that has been made
}

// Itself is who watches where urun stays.
const Itself = "urun"

func (w *Watch) String() string {
	if w.Duty.Kind == companion.Kills {
		return "by " + w.By + ": processes that are killed for lack of memory"
	}
	return fmt.Sprintf("by %s: the memory of all processes, at most %d", w.By, w.Duty.Limit)
}

// watcher is who can watch; empty: nobody.
func (c *compiler) watcher() string {
	switch {
	case c.opt.Attended:
		return Itself
	case c.host.NoMonitor == "":
		return companion.Name
	}
	return ""
}

// watchKills is for a cgroup with a limit of memory: the kernel's count of those it has killed goes with the cgroup.
func (c *compiler) watchKills(g *Cgroup) {
	limited := slices.ContainsFunc(g.Settings, func(s cgroup.Setting) bool { return s.File == "memory.max" && s.Value != "max" })
	if !limited {
		return
	}
	if by := c.watcher(); by != "" {
		c.plan.Watch = &Watch{By: by, Duty: companion.Duty{Kind: companion.Kills}}
		return
	}
	c.plan.Unwatched = companion.Lost(companion.Kills) + " (" + c.host.NoMonitor + ")"
}

// watchMemory is for a limit of memory without a cgroup: RLIMIT_DATA holds each process by itself, at once, and who watches all of
// them together, after a moment. The notice is of the limit.
func (c *compiler) watchMemory(value string, n *Notice) {
	limit, err := strconv.ParseUint(value, 10, 64)
	kind := ""
	switch {
	case c.own(unix.CLONE_NEWPID):
		kind = procs.Pid
	case c.own(unix.CLONE_NEWUSER):
		kind = procs.User
	}
	if c.watched != "" {
		n.Got += together(c.watched)
	}
	if err != nil || kind == "" {
		return
	}
	if by := c.watcher(); by != "" {
		c.plan.Watch = &Watch{By: by, Duty: companion.Duty{Kind: companion.Memory, Limit: limit, Namespace: kind}}
		n.Got += together(by)
		return
	}
	c.plan.Unwatched = companion.Lost(companion.Memory) + " (" + c.host.NoMonitor + ")"
	n.Got += ", and nothing for all together"
	n.Why += "; " + c.host.NoMonitor
}

func together(by string) string { return "; " + by + " ends the container when all together have more" }
