package monitor

import (
	"errors"
	"time"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/procs"
	"github.com/urun/urun/pkg/state"
)

// memory holds the container's processes together to a limit, where no cgroup does.
func memory(w *watch, d companion.Duty) (task, error) {
	if d.Limit == 0 || d.Namespace != procs.Pid && d.Namespace != procs.User {
		return nil, errors.New("no limit, or no namespace that tells the processes")
	}
	return func(end <-chan struct{}) {
		g := &procs.Guard{Pid: w.pid, PidFD: w.pidfd, Kind: d.Namespace, Limit: d.Limit}
		defer g.Close()
		for next := time.Duration(0); ; {
			select {
			case <-end:
				return
			case <-time.After(next):
			}
			if rec, err := w.dir.Load(); err == nil {
				if limit, ok := rec.MemoryLimit(); ok { // by an update
					g.Limit = limit
				}
			}
			var why string
			if why, next = g.Look(); why != "" {
				w.note(func(r *state.Report) { r.Killed, r.OOMKills = why, 1 })
			}
		}
	}, nil
}
