package monitor

import (
	"path"

	"github.com/containerd/cgroups/v3/cgroup2"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// kills counts the processes of a cgroup that the kernel has killed for lack of memory. In a scope of systemd's this process stays
// beside them, so that the cgroup, and the count with it, is there until it has been read for the last time.
func kills(w *watch, d companion.Duty) (task, error) {
	// It takes no path below /sys/fs/cgroup for a group, wherever the hierarchy is mounted.
	cg, err := cgroup2.Load("/"+path.Base(d.Cgroup), cgroup2.WithMountpoint(path.Dir(d.Cgroup)))
	if err != nil {
		return nil, err
	}
	if _, err := cg.StatFiltered(cgroup2.StatMemoryEvents); err != nil {
		return nil, err
	}
	events, errs := cg.EventChan()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	return func(end <-chan struct{}) {
		for {
			select {
			case e := <-events:
				w.counted(e.OOMKill)
			case <-errs: // it ends when the cgroup is empty; what comes then, the last look finds
				errs = nil
			case <-end:
				if s, err := cg.StatFiltered(cgroup2.StatMemoryEvents); err == nil {
					w.counted(s.GetMemoryEvents().GetOomKill())
				}
				return
			}
		}
	}, nil
}

// counted notes how many processes have been killed so far.
func (w *watch) counted(n uint64) {
	w.note(func(r *state.Report) { r.OOMKills = max(r.OOMKills, n) })
}
