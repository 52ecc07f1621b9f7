package container

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// Watched is, in the answer of state, who watches a container.
type Watched struct {
	By     string   `json:"by,omitempty"`     // urun-monitor or urun
	Pid    int      `json:"pid,omitempty"`    // while it watches
	Status string   `json:"status"`           // watching, done, or lost
	Duties []string `json:"duties,omitempty"` // kinds of companion.Duty
	Lost   string   `json:"lost,omitempty"`   // what is missing because nobody watches
}

const (
	watching    = "watching"
	watchIsDone = "done"
	watchIsLost = "lost"
)

// lastWord bounds the wait for the last word about a container that has just ended.
const lastWord = 2 * time.Second

// addWatched completes the answer of state with what was found out about the container's memory.
func (s *Status) addWatched(rec state.Record, dir *state.Dir) {
	lives := monitorLives(rec)
	if lives && s.Status == statusStopped && rec.Monitor.By == companion.Name {
		lives = !endsSoon(rec.Monitor.Pid)
	}
	report, reported := dir.Report(rec)
	s.Monitor = watchedBy(rec.Monitor, lives, report.Ended)
	s.addNetwork(rec, report, lives)
	counted := reported && rec.Monitor != nil && !slices.Equal(rec.Monitor.Duties, []string{companion.Net})
	if n, ok := oomKills(rec); ok || counted {
		n = max(n, report.OOMKills)
		s.OOMKills = &n
	}
	switch {
	case report.Killed != "":
		s.OutOfMemory = rec.Monitor.By + " has ended the container: " + report.Killed
	case s.OOMKills != nil && *s.OOMKills > 0:
		s.OutOfMemory = killedForMemory(*s.OOMKills)
	}
}

// endsSoon waits a moment for the end of a process that is about to.
func endsSoon(pid int) bool {
	fd, err := openProcess(pid)
	if err != nil {
		return errors.Is(err, errNotRunning)
	}
	defer unix.Close(fd)
	return awaitEnd(fd, time.Now().Add(lastWord)) == nil
}

func watchedBy(m *state.Monitor, lives, ended bool) *Watched {
	if m == nil {
		return nil
	}
	w := &Watched{By: m.By, Duties: m.Duties, Lost: m.Lost}
	switch {
	case m.Lost != "":
		w.Status = watchIsLost
	case ended:
		w.Status = watchIsDone
	case lives:
		w.Status, w.Pid = watching, m.Pid
	default:
		w.Status = watchIsLost
		w.Lost = lostDuties(m.Duties) + ": " + m.By + " has ended before the container"
	}
	return w
}

// oomKills reads how many processes of the container's cgroup the kernel has killed for lack of memory; false: there is no telling.
func oomKills(rec state.Record) (uint64, bool) {
	if rec.Cgroup == nil {
		return 0, false
	}
	d, err := cgroup.Open(rec.Cgroup.Inner())
	if err != nil {
		return 0, false
	}
	defer d.Close()
	w, err := d.Watch("memory.events")
	if err != nil {
		return 0, false
	}
	defer w.Close()
	counts, err := w.Counts()
	return counts["oom_kill"], err == nil
}
