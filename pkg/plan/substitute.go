package plan

import (
	"math"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/step"
)

// limitProcesses is for pids.max: RLIMIT_NPROC counts the processes of one user in one user namespace (since Linux 5.14,
// commit 21d1c5e386bc, "Reimplement RLIMIT_NPROC on top of ucounts").
func (c *compiler) limitProcesses(value string) (uint64, bool) {
	return c.rlimitAtMost("RLIMIT_NPROC", unix.RLIMIT_NPROC, value)
}

// limitData is for memory.max: RLIMIT_DATA counts what a process may write to and shares with nobody (since Linux 4.7). RLIMIT_AS
// would count what is only reserved too, and stop every runtime that reserves much.
func (c *compiler) limitData(value string) (uint64, bool) {
	return c.rlimitAtMost("RLIMIT_DATA", unix.RLIMIT_DATA, value)
}

func (c *compiler) rlimitAtMost(name string, resource int, value string) (uint64, bool) {
	limit, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, false
	}
	if resource < len(c.host.HardLimits) {
		limit = min(limit, c.host.HardLimits[resource])
	}
	soft := limit
	for _, r := range c.spec.Process.Rlimits { // one that is asked for by itself and is lower holds
		if r.Type == name {
			soft, limit = min(soft, r.Soft), min(limit, r.Hard)
		}
	}
	c.substitutes = append(c.substitutes, step.Rlimit{Name: name, Resource: resource, Soft: soft, Hard: limit})
	return limit, true
}

// nice is for cpu.weight below the usual: each step of niceness is worth a quarter less (sched(7)). Above, only root can go.
func (c *compiler) nice() (int32, bool) {
	cpu := c.spec.Linux.Resources.CPU
	if cpu == nil || cpu.Shares == nil || *cpu.Shares >= 1024 || *cpu.Shares == 0 || c.spec.Process.Scheduler != nil {
		return 0, false
	}
	nice := int32(min(19, math.Round(math.Log(1024/float64(*cpu.Shares))/math.Log(1.25))))
	if nice == 0 {
		return 0, false
	}
	c.substitutes = append(c.substitutes, step.Scheduler{Name: "SCHED_OTHER", Nice: nice})
	return nice, true
}

// pin is for cpuset.cpus.
func (c *compiler) pin(s cgroup.Setting) bool {
	mask, err := numbers(s.Path, s.Value, maxCPU)
	if err != nil || mask == nil {
		return false
	}
	c.substitutes = append(c.substitutes, step.Affinity{CPUs: s.Value, Mask: mask})
	return true
}
