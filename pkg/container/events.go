package container

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
)

// echo is when it is looked again after a change of memory.events: the kernel may keep silent about one that follows within ten
// milliseconds.
const echo = 20 * time.Millisecond

// Events tells what the container id uses, each interval, and of each time that the kernel kills something in its cgroup for lack
// of memory, until it ends; with an interval of 0 once. Without a cgroup nobody counts such kills.
func (r *Runtime) Events(id string, interval time.Duration, tell func(cgroup.Event) error) error {
	g, err := r.openGauge(id)
	if errors.Is(err, errNotRunning) {
		return fmt.Errorf("container with id %s is not running", id) // runc's words
	}
	if err != nil {
		return err
	}
	defer g.close()
	if interval == 0 {
		u, err := g.read()
		if err != nil && !errors.Is(err, errNotRunning) {
			return err
		}
		return tell(u.Event(id))
	}
	return g.follow(interval, tell)
}

// follow is Events until the end.
func (g *gauge) follow(interval time.Duration, tell func(cgroup.Event) error) error {
	oom := watchOOM(g.dir)
	defer oom.close()
	next := time.Now().Add(interval)
	for {
		changed, err := g.wait(oom, next)
		if err != nil {
			return err
		}
		if oom.grown() {
			if err := tell(cgroup.Event{Type: "oom", ID: g.rec.ID}); err != nil {
				return err
			}
		}
		if g.ended() {
			return nil
		}
		if changed || time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(interval)
		u, err := g.read()
		if errors.Is(err, errNotRunning) {
			continue
		}
		if err != nil {
			return err
		}
		if err := tell(u.Event(g.rec.ID)); err != nil {
			return err
		}
	}
}

// wait waits for a change of the counts, the end of the container or the time.
func (g *gauge) wait(oom *oomWatch, until time.Time) (changed bool, err error) {
	left := time.Until(until)
	if oom.echo {
		left = min(left, echo)
	}
	fds := []unix.PollFd{{Fd: int32(g.init), Events: unix.POLLIN}}
	if oom.watch != nil {
		fds = append(fds, unix.PollFd{Fd: int32(oom.watch.Fd()), Events: unix.POLLPRI})
	}
	_, err = unix.Poll(fds, int(max(left, 0)/time.Millisecond)+1)
	if err != nil && err != unix.EINTR {
		return false, fmt.Errorf("wait for events: %w", err)
	}
	changed = len(fds) > 1 && fds[1].Revents != 0
	oom.echo = changed
	return changed, nil
}

// oomWatch counts kills for lack of memory.
type oomWatch struct {
	watch *cgroup.Watch // nil: nobody counts them
	seen  uint64
	echo  bool // it is to be looked again soon
}

func watchOOM(d *cgroup.Dir) *oomWatch {
	o := &oomWatch{}
	if d == nil {
		return o
	}
	w, err := d.Watch("memory.events")
	if err != nil { // the controller was not delegated
		return o
	}
	o.watch = w
	if counts, err := w.Counts(); err == nil {
		o.seen = counts["oom_kill"]
	}
	return o
}

// grown says whether there have been more kills since it was last asked.
func (o *oomWatch) grown() bool {
	if o.watch == nil {
		return false
	}
	counts, err := o.watch.Counts()
	if err != nil { // the cgroup has gone with the container
		o.close()
		return false
	}
	before := o.seen
	o.seen = counts["oom_kill"]
	return o.seen > before
}

func (o *oomWatch) close() {
	if o.watch != nil {
		_ = o.watch.Close()
		o.watch = nil
	}
}
