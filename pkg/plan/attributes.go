package plan

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// attributes lists the steps that give a process what the kernel keeps about it and hands on over execve(2): scheduling,
// personality, memory policy, limits. The limits come last, for they may take away what the scheduling needs.
func (c *compiler) attributes(p *specs.Process, persona *specs.LinuxPersonality, memory *specs.LinuxMemoryPolicy) ([]step.Step, error) {
	var steps []step.Step
	for _, make := range []func() (step.Step, error){
		func() (step.Step, error) { return memoryPolicy(memory) },
		func() (step.Step, error) { return c.scheduler(p.Scheduler) },
		func() (step.Step, error) { return ioPriority(p.IOPriority) },
		func() (step.Step, error) { return personality(persona) },
	} {
		s, err := make()
		if err != nil {
			return nil, err
		}
		if s != nil {
			steps = append(steps, s)
		}
	}
	limits, err := rlimits("process", p.Rlimits, c.host.HardLimits)
	return append(steps, limits...), err
}

// named is a constant of the spec and its number in the kernel.
type named struct {
	name  string
	value uint64
}

func valueOf(list []named, name string) (uint64, bool) {
	for _, n := range list {
		if n.name == name {
			return n.value, true
		}
	}
	return 0, false
}

// flagsOf adds up the values of several names. at is the JSON path of their list.
func flagsOf[T ~string](at string, list []named, names []T) (sum uint64, err error) {
	for i, name := range names {
		v, ok := valueOf(list, string(name))
		if !ok {
			return 0, fmt.Errorf("%s[%d]: unknown flag %q", at, i, name)
		}
		sum |= v
	}
	return sum, nil
}

// The constants of linux/sched.h. SCHED_ISO is in the spec and has never been in Linux.
var (
	schedPolicies = [...]named{
		{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2}, {"SCHED_BATCH", 3}, {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
	}
	schedFlags = [...]named{
		{"SCHED_FLAG_RESET_ON_FORK", unix.SCHED_FLAG_RESET_ON_FORK}, {"SCHED_FLAG_RECLAIM", unix.SCHED_FLAG_RECLAIM},
		{"SCHED_FLAG_DL_OVERRUN", unix.SCHED_FLAG_DL_OVERRUN}, {"SCHED_FLAG_KEEP_POLICY", unix.SCHED_FLAG_KEEP_POLICY},
		{"SCHED_FLAG_KEEP_PARAMS", unix.SCHED_FLAG_KEEP_PARAMS}, {"SCHED_FLAG_UTIL_CLAMP_MIN", unix.SCHED_FLAG_UTIL_CLAMP_MIN},
		{"SCHED_FLAG_UTIL_CLAMP_MAX", unix.SCHED_FLAG_UTIL_CLAMP_MAX},
	}
)

func (c *compiler) scheduler(s *specs.Scheduler) (step.Step, error) {
	if s == nil {
		return nil, nil
	}
	const at = "process.scheduler"
	policy, ok := valueOf(schedPolicies[:], string(s.Policy))
	switch {
	case s.Policy == specs.SchedISO:
		return nil, fmt.Errorf("%s.policy: Linux does not have SCHED_ISO", at)
	case !ok:
		return nil, fmt.Errorf("%s.policy: unknown policy %q", at, s.Policy)
	case s.Nice < -20 || s.Nice > 19:
		return nil, fmt.Errorf("%s.nice: %d is not in -20…19", at, s.Nice)
	case s.Priority != 0 && s.Policy != specs.SchedFIFO && s.Policy != specs.SchedRR:
		return nil, fmt.Errorf("%s.priority: means nothing for %s, only for SCHED_FIFO and SCHED_RR", at, s.Policy)
	case (s.Policy == specs.SchedFIFO || s.Policy == specs.SchedRR) && (s.Priority < 1 || s.Priority > 99):
		return nil, fmt.Errorf("%s.priority: %d is not in 1…99", at, s.Priority)
	case s.Runtime|s.Deadline|s.Period != 0 && s.Policy != specs.SchedDeadline:
		return nil, fmt.Errorf("%s: runtime, deadline and period mean nothing for %s, only for SCHED_DEADLINE", at, s.Policy)
	}
	if s.Nice != 0 && s.Policy != specs.SchedOther && s.Policy != specs.SchedBatch { // configs that say so do exist
		c.note(Notice{
			Code: "URUN-SCHED-001", Want: fmt.Sprintf("%s.nice %d", at, s.Nice), Got: "left out",
			Why: "only SCHED_OTHER and SCHED_BATCH know a nice value",
		})
		return c.scheduler(&specs.Scheduler{
			Policy: s.Policy, Priority: s.Priority, Flags: s.Flags, Runtime: s.Runtime, Deadline: s.Deadline, Period: s.Period,
		})
	}
	flags, err := flagsOf(at+".flags", schedFlags[:], s.Flags)
	return step.Scheduler{
		Name: string(s.Policy), Policy: uint32(policy), Flags: flags, Nice: s.Nice, Priority: uint32(s.Priority),
		Runtime: s.Runtime, Deadline: s.Deadline, Period: s.Period,
	}, err
}

// ioClasses are the classes of linux/ioprio.h.
var ioClasses = [...]named{{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}}

func ioPriority(p *specs.LinuxIOPriority) (step.Step, error) {
	if p == nil {
		return nil, nil
	}
	class, ok := valueOf(ioClasses[:], string(p.Class))
	if !ok {
		return nil, fmt.Errorf("process.ioPriority.class: unknown class %q", p.Class)
	}
	if p.Priority < 0 || p.Priority > 7 {
		return nil, fmt.Errorf("process.ioPriority.priority: %d is not in 0…7", p.Priority)
	}
	return step.IOPriority{Name: string(p.Class), Class: int(class), Level: p.Priority}, nil
}

// personas are the domains of the spec, as in linux/personality.h.
var personas = [...]named{{"LINUX", 0}, {"LINUX32", 8}}

func personality(p *specs.LinuxPersonality) (step.Step, error) {
	if p == nil {
		return nil, nil
	}
	persona, ok := valueOf(personas[:], string(p.Domain))
	if !ok {
		return nil, fmt.Errorf("linux.personality.domain: unknown domain %q", p.Domain)
	}
	if len(p.Flags) > 0 {
		return nil, fmt.Errorf("linux.personality.flags[0]: unknown flag %q (the specification has none)", p.Flags[0])
	}
	return step.Personality{Name: string(p.Domain), Persona: uint32(persona)}, nil
}

// The modes and flags of linux/mempolicy.h.
var (
	memoryModes = [...]named{
		{"MPOL_DEFAULT", unix.MPOL_DEFAULT}, {"MPOL_BIND", unix.MPOL_BIND}, {"MPOL_INTERLEAVE", unix.MPOL_INTERLEAVE},
		{"MPOL_WEIGHTED_INTERLEAVE", unix.MPOL_WEIGHTED_INTERLEAVE}, {"MPOL_PREFERRED", unix.MPOL_PREFERRED},
		{"MPOL_PREFERRED_MANY", unix.MPOL_PREFERRED_MANY}, {"MPOL_LOCAL", unix.MPOL_LOCAL},
	}
	memoryFlags = [...]named{
		{"MPOL_F_NUMA_BALANCING", unix.MPOL_F_NUMA_BALANCING}, {"MPOL_F_RELATIVE_NODES", unix.MPOL_F_RELATIVE_NODES},
		{"MPOL_F_STATIC_NODES", unix.MPOL_F_STATIC_NODES},
	}
)

// MemoryModes lists the memory policies that urun knows, for the features document.
func MemoryModes() []string { return namesOf(memoryModes[:]) }

// MemoryFlags lists the flags of memory policies that urun knows, for the features document.
func MemoryFlags() []string { return namesOf(memoryFlags[:]) }

func namesOf(list []named) []string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = n.name
	}
	slices.Sort(names)
	return names
}

// maxNode bounds the numbers of NUMA nodes; Linux has at most 1024 of them (CONFIG_NODES_SHIFT).
const maxNode = 1023

func memoryPolicy(m *specs.LinuxMemoryPolicy) (step.Step, error) {
	if m == nil {
		return nil, nil
	}
	const at = "linux.memoryPolicy"
	mode, ok := valueOf(memoryModes[:], string(m.Mode))
	if !ok {
		return nil, fmt.Errorf("%s.mode: unknown mode %q", at, m.Mode)
	}
	mask, err := numbers(at+".nodes", m.Nodes, maxNode)
	if err != nil {
		return nil, err
	}
	switch m.Mode {
	case specs.MpolDefault, specs.MpolLocal:
		if mask != nil {
			return nil, fmt.Errorf("%s.nodes: %s takes none", at, m.Mode)
		}
	case specs.MpolPreferred: // without nodes it means the local one
	default:
		if mask == nil {
			return nil, fmt.Errorf("%s.nodes: %s needs at least one", at, m.Mode)
		}
	}
	flags, err := flagsOf(at+".flags", memoryFlags[:], m.Flags)
	name := []string{string(m.Mode)}
	for _, f := range m.Flags {
		name = append(name, string(f))
	}
	return step.MemoryPolicy{Name: strings.Join(name, "|"), Mode: int(mode | flags), Nodes: m.Nodes, Mask: mask}, err
}
