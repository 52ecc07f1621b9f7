package step

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Scheduler sets the scheduling policy of the process (sched_setattr(2)).
type Scheduler struct {
	Name                      string // SCHED_BATCH
	Policy                    uint32
	Flags                     uint64 // SCHED_FLAG_*
	Nice                      int32
	Priority                  uint32
	Runtime, Deadline, Period uint64 // nanoseconds, of SCHED_DEADLINE
}

func (s Scheduler) String() string {
	text := "scheduler " + s.Name
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"nice", int64(s.Nice)}, {"priority", int64(s.Priority)}, {"flags", int64(s.Flags)},
		{"runtime", int64(s.Runtime)}, {"deadline", int64(s.Deadline)}, {"period", int64(s.Period)},
	} {
		if f.value != 0 {
			text += fmt.Sprintf(" %s %d", f.name, f.value)
		}
	}
	return text
}

// Explain implements program.Explainer.
func (s Scheduler) Explain(errno syscall.Errno) string {
	switch errno {
	case unix.EINVAL:
		return s.String() + ": invalid argument: flags that do not go with the policy, or times that are not runtime ≤ deadline ≤ period"
	case unix.EOPNOTSUPP:
		return s.String() + ": this kernel is built without clamps of utilization (CONFIG_UCLAMP_TASK)"
	case unix.EPERM:
	default:
		return ""
	}
	return s.String() + ": operation not permitted: an ordinary user raises a priority as far as its limits RLIMIT_NICE and RLIMIT_RTPRIO" +
		" go (ulimit -e, ulimit -r), and never has SCHED_DEADLINE"
}

// Emit implements Step.
func (s Scheduler) Emit(p *program.Program) {
	// struct sched_attr of linux/sched/types.h, the version with the two clamps at its end.
	const size = 56
	p.Call(unix.SYS_SCHED_SETATTR, program.Int(0), p.Record(
		program.Pair(size, s.Policy), program.Int(s.Flags), program.Pair(uint32(s.Nice), s.Priority),
		program.Int(s.Runtime), program.Int(s.Deadline), program.Int(s.Period), program.Int(0),
	), program.Int(0))
}

// IOPriority sets the I/O scheduling class and the level in it, 0 to 7, of the process's group (ioprio_set(2)).
type IOPriority struct {
	Name  string // IOPRIO_CLASS_BE
	Class int
	Level int
}

func (s IOPriority) String() string { return "io priority " + s.Name + " " + strconv.Itoa(s.Level) }

// Explain implements program.Explainer.
func (s IOPriority) Explain(errno syscall.Errno) string {
	if errno != unix.EPERM {
		return ""
	}
	return s.String() + ": operation not permitted: only root on the host may have that class"
}

// Emit implements Step.
func (s IOPriority) Emit(p *program.Program) {
	const ofGroup, classShift = 2, 13 // IOPRIO_WHO_PGRP, IOPRIO_CLASS_SHIFT of linux/ioprio.h
	p.Call(unix.SYS_IOPRIO_SET, program.Int(ofGroup), program.Int(0), program.Int(s.Class<<classShift|s.Level))
}

// Affinity restricts the process to some CPUs (sched_setaffinity(2)).
type Affinity struct {
	CPUs string   // as the config has them: 0-3,7
	Mask []uint64 // bit n of word m: CPU 64*m+n
}

func (s Affinity) String() string { return "run on CPUs " + s.CPUs }

// Explain implements program.Explainer.
func (s Affinity) Explain(errno syscall.Errno) string {
	if errno != unix.EINVAL {
		return ""
	}
	return s.String() + ": none of them is there for this process (its own: Cpus_allowed_list in /proc/self/status)"
}

// Emit implements Step.
func (s Affinity) Emit(p *program.Program) {
	p.Call(unix.SYS_SCHED_SETAFFINITY, program.Int(0), program.Int(8*len(s.Mask)), words(p, s.Mask))
}

// MemoryPolicy says from which NUMA nodes the process gets its memory (set_mempolicy(2)).
type MemoryPolicy struct {
	Name  string   // MPOL_BIND, with the names of the flags
	Mode  int      // with flags
	Nodes string   // as the config has them
	Mask  []uint64 // bit n of word m: node 64*m+n
}

func (s MemoryPolicy) String() string {
	return strings.TrimSpace("memory policy " + s.Name + " " + s.Nodes)
}

// Explain implements program.Explainer.
func (s MemoryPolicy) Explain(errno syscall.Errno) string {
	switch errno {
	case unix.EINVAL:
		return s.String() + ": invalid argument: a node that this machine has not or that the process may not use, or flags that do not go with the mode"
	case unix.ENOSYS:
		return s.String() + ": this kernel is built without NUMA (CONFIG_NUMA)"
	}
	return ""
}

// Emit implements Step.
func (s MemoryPolicy) Emit(p *program.Program) {
	mask, bits := program.Int(0), 0
	if len(s.Mask) > 0 {
		mask, bits = words(p, s.Mask), 64*len(s.Mask)+1 // the kernel takes one off
	}
	p.Call(unix.SYS_SET_MEMPOLICY, program.Int(s.Mode), mask, program.Int(bits))
}

func words(p *program.Program, mask []uint64) program.Arg {
	fields := make([]program.Arg, len(mask))
	for i, w := range mask {
		fields[i] = program.Int(w)
	}
	return p.Record(fields...)
}

// Personality sets the execution domain: what uname(2) says of the machine (personality(2)).
type Personality struct {
	Name    string // LINUX32
	Persona uint32
}

func (s Personality) String() string { return "personality " + s.Name }

// Emit implements Step.
func (s Personality) Emit(p *program.Program) {
	p.Call(unix.SYS_PERSONALITY, program.Int(s.Persona))
}
