package step_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestScheduler(t *testing.T) {
	for name, s := range map[string]step.Scheduler{
		"batch":         {Name: "SCHED_BATCH", Policy: unix.SCHED_BATCH},
		"batch, nice":   {Name: "SCHED_BATCH", Policy: unix.SCHED_BATCH, Nice: 5},
		"other, nice":   {Name: "SCHED_OTHER", Policy: unix.SCHED_NORMAL, Nice: 19},
		"idle":          {Name: "SCHED_IDLE", Policy: unix.SCHED_IDLE},
		"reset on fork": {Name: "SCHED_BATCH", Policy: unix.SCHED_BATCH, Flags: unix.SCHED_FLAG_RESET_ON_FORK},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unix.SchedGetAttr(world(t, s).pid, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got.Policy != s.Policy || got.Nice != s.Nice || got.Flags != s.Flags {
				t.Errorf("policy %d nice %d flags %d, want %s", got.Policy, got.Nice, got.Flags, s)
			}
		})
	}
}

// TestSchedulerRefused: root of a user namespace is none on the host, and no number is given without its reason.
func TestSchedulerRefused(t *testing.T) {
	const limits = ": operation not permitted: an ordinary user raises a priority as far as its limits RLIMIT_NICE and RLIMIT_RTPRIO"
	deadline := step.Scheduler{Name: "SCHED_DEADLINE", Policy: unix.SCHED_DEADLINE, Runtime: 1e6, Deadline: 2e6, Period: 3e6}
	late := deadline
	late.Runtime = 4e6
	for _, tc := range []struct {
		s     step.Scheduler
		errno unix.Errno
		text  string
	}{
		{step.Scheduler{Name: "SCHED_OTHER", Nice: -5}, unix.EPERM, "scheduler SCHED_OTHER nice -5" + limits},
		{step.Scheduler{Name: "SCHED_FIFO", Policy: unix.SCHED_FIFO, Priority: 7}, unix.EPERM, "scheduler SCHED_FIFO priority 7" + limits},
		{deadline, unix.EPERM, deadline.String() + limits},
		{late, unix.EINVAL, "times that are not runtime ≤ deadline ≤ period"},
	} {
		none := []step.Step{
			step.Rlimit{Name: "RLIMIT_NICE", Resource: unix.RLIMIT_NICE}, step.Rlimit{Name: "RLIMIT_RTPRIO", Resource: unix.RLIMIT_RTPRIO},
		}
		_, err := start(t, newWorld, nil, append(append(asRoot(), none...), tc.s)...)
		if f := wantErrno(t, err, tc.s.String(), tc.errno); !strings.Contains(f.explain, tc.text) {
			t.Errorf("explained as %q, want %q", f.explain, tc.text)
		}
	}
}

// ioPriorityOf asks the kernel for the class and the level of a process.
func ioPriorityOf(t *testing.T, pid int) (class, level int) {
	t.Helper()
	const ofProcess = 1
	got, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ofProcess, uintptr(pid), 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	return int(got >> 13), int(got & 0x1fff)
}

func TestIOPriority(t *testing.T) {
	class, level := ioPriorityOf(t, 0)
	for _, s := range []step.IOPriority{
		{Name: "IOPRIO_CLASS_BE", Class: 2, Level: 6}, {Name: "IOPRIO_CLASS_BE", Class: 2}, {Name: "IOPRIO_CLASS_IDLE", Class: 3},
	} {
		c := world(t, step.Session{}, s) // whose group does not hold this test
		if class, level := ioPriorityOf(t, c.pid); class != s.Class || level != s.Level {
			t.Errorf("class %d level %d, want %s", class, level, s)
		}
	}
	if c, l := ioPriorityOf(t, 0); c != class || l != level {
		t.Errorf("the test itself has class %d level %d now", c, l)
	}
	rt := step.IOPriority{Name: "IOPRIO_CLASS_RT", Class: 1}
	_, err := start(t, newWorld, nil, append(asRoot(), step.Session{}, rt)...)
	if f := wantErrno(t, err, "io priority IOPRIO_CLASS_RT 0", unix.EPERM); !strings.Contains(f.explain, "only root on the host may have that class") {
		t.Errorf("explained as %q", f.explain)
	}
}

func TestAffinity(t *testing.T) {
	var ours unix.CPUSet
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		t.Fatal(err)
	}
	last := -1
	for n := range 1024 {
		if ours.IsSet(n) {
			last = n
		}
	}
	mask := make([]uint64, last/64+1)
	mask[last/64] = 1 << (last % 64)
	c := world(t, step.Affinity{CPUs: fmt.Sprint(last), Mask: mask})
	if got := field(t, c.proc(t, "status"), "Cpus_allowed_list"); got != fmt.Sprint(last) {
		t.Errorf("it runs on %s, want %d", got, last)
	}
	none := step.Affinity{CPUs: "8191", Mask: make([]uint64, 128)}
	none.Mask[127] = 1 << 63
	_, err := start(t, newWorld, nil, append(asRoot(), none)...)
	if f := wantErrno(t, err, "run on CPUs 8191", unix.EINVAL); !strings.Contains(f.explain, "none of them is there for this process") {
		t.Errorf("explained as %q", f.explain)
	}
}

func TestMemoryPolicy(t *testing.T) {
	for want, s := range map[string]step.MemoryPolicy{
		"bind:0":          {Name: "MPOL_BIND", Mode: unix.MPOL_BIND, Nodes: "0", Mask: []uint64{1}},
		"bind=static:0":   {Name: "MPOL_BIND|MPOL_F_STATIC_NODES", Mode: unix.MPOL_BIND | unix.MPOL_F_STATIC_NODES, Nodes: "0", Mask: []uint64{1}},
		"interleave:0":    {Name: "MPOL_INTERLEAVE", Mode: unix.MPOL_INTERLEAVE, Nodes: "0", Mask: []uint64{1}},
		"prefer (many):0": {Name: "MPOL_PREFERRED_MANY", Mode: unix.MPOL_PREFERRED_MANY, Nodes: "0", Mask: []uint64{1}},
		"local":           {Name: "MPOL_LOCAL", Mode: unix.MPOL_LOCAL},
		"default":         {Name: "MPOL_DEFAULT", Mode: unix.MPOL_DEFAULT},
	} {
		maps := world(t, s).proc(t, "numa_maps") // an address, the policy, and more
		if !strings.Contains(maps, " "+want+" ") {
			t.Errorf("%s is not %q:\n%.200s", s, want, maps)
		}
	}
	for _, s := range []step.MemoryPolicy{
		{Name: "MPOL_BIND", Mode: unix.MPOL_BIND, Nodes: "1023", Mask: append(make([]uint64, 15), 1<<63)},
		{Name: "MPOL_BIND with both", Mode: unix.MPOL_BIND | unix.MPOL_F_STATIC_NODES | unix.MPOL_F_RELATIVE_NODES, Nodes: "0", Mask: []uint64{1}},
	} {
		_, err := start(t, newWorld, nil, append(asRoot(), s)...)
		if f := wantErrno(t, err, s.String(), unix.EINVAL); !strings.Contains(f.explain, "a node that this machine has not") {
			t.Errorf("explained as %q", f.explain)
		}
	}
}

func TestPersonality(t *testing.T) {
	for want, s := range map[string]step.Personality{"00000008": {Name: "LINUX32", Persona: 8}, "00000000": {Name: "LINUX"}} {
		if got := strings.TrimSpace(world(t, s).proc(t, "personality")); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}
