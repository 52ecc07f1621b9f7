package container

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/procs"
	"github.com/urun/urun/pkg/state"
)

// vigil is what urun itself watches while it waits for the end of a container in the foreground: the kernel's counts of memory, or
// without a cgroup the memory. systemd removes the scope right after the container's end, so that the counts are read each time
// that they change, and at once when the end comes.
type vigil struct {
	events *cgroup.Watch // memory.events; nil: it does not matter
	guard  *procs.Guard  // nil: a cgroup holds the limit
	counts map[string]uint64
	gone   bool      // the cgroup was removed before its last counts could be read
	eager  time.Time // until then the counts are read without being announced
	why    string    // the guard has ended the container
}

// keepVigil begins what the plan wants urun itself to watch; nil: nothing.
func (b *birth) keepVigil() *vigil {
	w := b.plan.Watch
	if w == nil {
		return nil
	}
	v := &vigil{}
	switch w.Duty.Kind {
	case companion.Kills:
		d, err := cgroup.Open(b.record.Cgroup.Inner())
		if err == nil {
			v.events, err = d.Watch("memory.events")
			d.Close()
		}
		if err != nil {
			v.gone = true // so short a life
			return v
		}
		v.look()
	case companion.Memory:
		v.guard = &procs.Guard{Pid: b.record.Pid, PidFD: b.child.PidFD, Kind: w.Duty.Namespace, Limit: w.Duty.Limit}
	}
	return v
}

// until waits for the end of the process behind pidfd. now reads the record, which an update may have changed.
func (v *vigil) until(pidfd int, now func() (state.Record, error)) {
	if v == nil {
		return
	}
	defer v.close()
	next := firstWard
	for {
		fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}, {Fd: -1, Events: unix.POLLPRI}}
		if v.events != nil && !v.gone {
			fds[1].Fd = int32(v.events.Fd())
		}
		n, err := unix.Poll(fds, int(v.patience(next).Milliseconds()))
		if err != nil && err != unix.EINTR {
			return
		}
		v.look()
		if fds[0].Revents != 0 {
			return
		}
		if n == 0 && v.guard != nil {
			next = v.ward(now)
		}
	}
}

// ward has the guard look, and returns when it wants to look again.
func (v *vigil) ward(now func() (state.Record, error)) time.Duration {
	if rec, err := now(); err == nil {
		if limit, ok := rec.MemoryLimit(); ok {
			v.guard.Limit = limit
		}
	}
	why, next := v.guard.Look()
	if why != "" && v.why == "" {
		v.why = why
	}
	return next
}

const (
	// firstWard is when the guard looks for the first time: a short life is not disturbed.
	firstWard = 50 * time.Millisecond

	// eagerly is how often the counts are read while the kernel is short of memory for the container: it announces changes that
	// follow each other only every 10 ms (cgroup_file_notify in kernel/cgroup/cgroup.c).
	eagerly = 2 * time.Millisecond
	eager   = 200 * time.Millisecond
)

// patience is how long nothing need be looked at; below zero: until something happens. next is the guard's wish.
func (v *vigil) patience(next time.Duration) time.Duration {
	switch {
	case v.guard != nil:
		return next
	case !v.gone && time.Now().Before(v.eager):
		return eagerly
	}
	return -time.Millisecond
}

// look reads the counts.
func (v *vigil) look() {
	if v.events == nil || v.gone {
		return
	}
	counts, err := v.events.Counts()
	if err != nil {
		v.gone = true
		return
	}
	if counts["oom"] != v.counts["oom"] {
		v.eager = time.Now().Add(eager)
	}
	v.counts = counts
}

func (v *vigil) close() {
	if v.events != nil {
		_ = v.events.Close()
	}
	if v.guard != nil {
		v.guard.Close()
	}
}

// verdict says why the container has ended, as far as that is about memory; empty: it is not.
func (v *vigil) verdict(killed bool) string {
	switch {
	case v == nil:
		return ""
	case v.why != "":
		return "urun has ended the container: " + v.why
	case v.counts["oom_kill"] > 0:
		return killedForMemory(v.counts["oom_kill"])
	case v.gone && killed && v.counts["oom"] > 0:
		return "the container was killed, as it seems for lack of memory: its limit (linux.resources.memory.limit) was reached"
	}
	return ""
}

func killedForMemory(n uint64) string {
	what := "a process"
	if n > 1 {
		what = fmt.Sprintf("%d processes", n)
	}
	return "the kernel has killed " + what + " of the container for lack of memory: its limit (linux.resources.memory.limit) was reached"
}

// report is what state is told of a container that is kept.
func (v *vigil) report(rec state.Record) state.Report {
	r := state.Report{Pid: rec.Pid, StartTime: rec.StartTime, OOMKills: v.counts["oom_kill"], Killed: v.why, Ended: true}
	if v.why != "" {
		r.OOMKills = 1
	}
	return r
}
