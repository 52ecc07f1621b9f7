package container

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/state"
)

// Usage is what a container has used and uses, at one moment.
type Usage struct {
	ID   string
	When time.Time
	cgroup.Stats
}

// gauge reads what one container uses: of its cgroup or, where it has none, of its processes. Close it.
type gauge struct {
	rec   state.Record
	dir   *cgroup.Dir // nil: there is no cgroup
	scope *scope
	init  int // pidfd of the first process
}

// openGauge is for a container that has not ended, else errNotRunning.
func (r *Runtime) openGauge(id string) (*gauge, error) {
	rec, err := r.record(id)
	if err != nil {
		return nil, err
	}
	g := &gauge{rec: rec}
	if g.init, err = openInit(rec); err != nil {
		return nil, err
	}
	if rec.Cgroup != nil {
		g.dir, err = cgroup.Open(rec.Cgroup.Inner())
	} else {
		g.scope, err = scopeOf(rec)
	}
	if err != nil {
		unix.Close(g.init)
		return nil, err
	}
	return g, nil
}

func (g *gauge) close() {
	unix.Close(g.init)
	if g.dir != nil {
		g.dir.Close()
	}
	if g.scope != nil {
		g.scope.close()
	}
}

// read reads; errNotRunning says that the container has ended meanwhile.
func (g *gauge) read() (Usage, error) {
	u := Usage{ID: g.rec.ID, When: time.Now()}
	var err error
	if g.dir != nil {
		u.Stats, err = g.dir.Stats()
	} else {
		u.Stats, err = g.scope.usage()
	}
	if g.ended() {
		return u, errNotRunning
	}
	return u, err
}

func (g *gauge) ended() bool {
	fds := []unix.PollFd{{Fd: int32(g.init), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

// Usage tells what the container id uses.
func (r *Runtime) Usage(id string) (Usage, error) {
	g, err := r.openGauge(id)
	if err != nil {
		return Usage{}, err
	}
	defer g.close()
	return g.read()
}

// Live lists the ids of the containers that have not ended, in order.
func (r *Runtime) Live() ([]string, error) {
	all, err := r.List()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range all {
		if s.Status == statusRunning || s.Status == statusPaused {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

// IsGone says whether an error tells that a container has ended or been deleted.
func IsGone(err error) bool {
	return errors.Is(err, errNotRunning) || errors.Is(err, state.ErrNotExist) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV)
}
