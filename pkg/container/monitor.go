package container

import (
	"os"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// monitorTime bounds how long urun-monitor may take to get ready. It does so while the container is made.
const monitorTime = 10 * time.Second

// findMonitor looks for urun-monitor where a network or a limit of memory may make it necessary.
func findMonitor(spec *specs.Spec, attended, networked bool) (path, why string) {
	if networked {
		return companion.Find(sandbox.Binary())
	}
	if attended || spec.Linux == nil || spec.Linux.Resources == nil {
		return "", ""
	}
	if r := spec.Linux.Resources; r.Memory == nil && len(r.Unified) == 0 {
		return "", ""
	}
	return companion.Find(sandbox.Binary())
}

// hire notes who watches the container, and starts urun-monitor where that is who does. It gets its order later.
func (b *birth) hire() {
	w, duties := b.plan.Watch, b.duties()
	switch {
	case len(duties) > 0:
		b.engage(duties)
	case w == nil && b.plan.Unwatched != "":
		b.record.Monitor = &state.Monitor{Lost: b.plan.Unwatched}
	case w == nil:
	default:
		start, _ := state.StartTime(os.Getpid())
		b.record.Monitor = &state.Monitor{By: w.By, Pid: os.Getpid(), StartTime: start, Duties: []string{w.Duty.Kind}}
	}
}

// duties are those of urun-monitor; none: the container needs it not.
func (b *birth) duties() (all []companion.Duty) {
	if w := b.plan.Watch; w != nil && w.By == companion.Name {
		all = append(all, w.Duty)
	}
	if n := b.plan.Network; n != nil && n.Duty != nil {
		all = append(all, *n.Duty)
	}
	return all
}

// engage starts urun-monitor.
func (b *birth) engage(duties []companion.Duty) {
	m := &state.Monitor{By: companion.Name}
	for _, d := range duties {
		m.Duties = append(m.Duties, d.Kind)
	}
	b.record.Monitor = m
	c, err := employ(m, b.monitor, b.id, b.dir)
	if err != nil {
		b.unwatched(err)
		return
	}
	b.companion = c
}

// employ starts the program at path for the container id, and notes down which process it is.
func employ(m *state.Monitor, path, id string, dir *state.Dir) (*companion.Companion, error) {
	c, err := companion.Start(path, id, dir.Fd())
	if err == nil {
		m.Pid = c.Pid
		m.StartTime, _ = state.StartTime(c.Pid)
	}
	return c, err
}

// instruct tells urun-monitor what to watch, now that it is there.
func (b *birth) instruct() {
	if b.companion == nil {
		return
	}
	duties := b.duties()
	for i := range duties {
		if duties[i].Kind == companion.Kills && b.record.Cgroup != nil {
			duties[i].Cgroup = b.record.Cgroup.Inner()
		}
	}
	err := b.companion.Give(companion.Order{ID: b.id, Pid: b.record.Pid, StartTime: b.record.StartTime, Duties: duties})
	if err != nil {
		b.unwatched(err)
	}
}

// watched waits until urun-monitor is ready. The container can do without it, and that is told.
func (b *birth) watched() {
	if b.companion == nil {
		return
	}
	if _, err := b.companion.Ready(time.Now().Add(monitorTime)); err != nil {
		b.unwatched(err)
	}
}

// unwatched notes that there is nobody to watch.
func (b *birth) unwatched(err error) {
	if b.companion != nil {
		b.companion.Close()
		b.companion = nil
		dismiss(b.record)
	}
	kinds := b.record.Monitor.Duties
	lost := lostDuties(kinds)
	b.record.Monitor = &state.Monitor{By: companion.Name, Duties: kinds, Lost: lost + " (" + err.Error() + ")"}
	b.late = append(b.late, plan.Notice{Code: "URUN-CG-005", Want: "urun-monitor", Got: lost, Why: err.Error()})
}

// lostDuties says what is missing when nobody does these duties.
func lostDuties(kinds []string) string {
	var lost []string
	for _, kind := range kinds {
		lost = append(lost, companion.Lost(kind))
	}
	return strings.Join(lost, "; ")
}

// monitorLives says whether who watches the container still is there.
func monitorLives(rec state.Record) bool {
	m := rec.Monitor
	return m != nil && state.Alive(state.Record{Pid: m.Pid, StartTime: m.StartTime, BootID: rec.BootID})
}

// dismiss ends the container's urun-monitor and waits until it is gone: it must not write into a directory that is removed.
func dismiss(rec state.Record) {
	if rec.Monitor == nil || rec.Monitor.By != companion.Name || rec.Monitor.Pid == 0 {
		return
	}
	fd, err := openProcess(rec.Monitor.Pid)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if !monitorLives(rec) { // asked after it was opened: it is no other process's
		return
	}
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	_ = awaitEnd(fd, time.Now().Add(killTime))
	_, _ = unix.Wait4(rec.Monitor.Pid, nil, unix.WNOHANG, nil) // where it is our own child
}
