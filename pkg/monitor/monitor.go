package monitor

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// Main is the whole program: it takes its order from the descriptors that urun has given it, carries it out, and returns the exit
// code. Nobody hears it but urun, and only until it is ready.
func Main() int {
	harden()
	unix.CloseOnExec(companion.TalkFD)
	talk := os.NewFile(companion.TalkFD, "order")
	order, err := companion.Receive(talk)
	if errors.Is(err, companion.ErrNoOrder) {
		return 0
	}
	var w *watch
	var tasks []task
	if err == nil {
		w, tasks, err = prepare(order)
	}
	var ports []companion.Port
	if err == nil {
		ports = w.report.Ports
	}
	unmapProgram()
	told := companion.Answer(talk, ports, err)
	_ = talk.Close()
	if err != nil || told != nil { // without urun nobody would know that this is here, and a second one would be hired
		return 1
	}
	settle()
	w.attend(tasks)
	return 0
}

// A task does one duty until the container has ended, which closes end.
type task func(end <-chan struct{})

// duties has a function for each kind that opens what its task needs, while the container has not begun.
var duties = map[string]func(*watch, companion.Duty) (task, error){
	companion.Kills:  kills,
	companion.Memory: memory,
	companion.Net:    connect,
}

// watch is what all duties share.
type watch struct {
	pid   int
	pidfd int

	mu     sync.Mutex
	dir    *state.Dir
	report state.Report
	untold bool // the report could not be written
}

// prepare makes sure that the container is there and that all duties can be done.
func prepare(o companion.Order) (*watch, []task, error) {
	dir, err := state.Held(o.ID, companion.DirFD)
	if err != nil {
		return nil, nil, fmt.Errorf("state directory: %w", err)
	}
	pidfd, err := unix.PidfdOpen(o.Pid, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("process %d: %w", o.Pid, err)
	}
	// Asked after it was opened: then the descriptor is of no other process.
	switch start, err := state.StartTime(o.Pid); {
	case err != nil:
		return nil, nil, fmt.Errorf("process %d: %w", o.Pid, err)
	case start != o.StartTime:
		return nil, nil, fmt.Errorf("process %d is another one: it was started at %d, not at %d", o.Pid, start, o.StartTime)
	}
	w := &watch{pid: o.Pid, pidfd: pidfd, dir: dir, report: state.Report{Pid: o.Pid, StartTime: o.StartTime}}
	var tasks []task
	for _, d := range o.Duties {
		begin, ok := duties[d.Kind]
		if !ok {
			return nil, nil, fmt.Errorf("the duty %q is not known to this version", d.Kind)
		}
		t, err := begin(w, d)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.Kind, err)
		}
		tasks = append(tasks, t)
	}
	return w, tasks, nil
}

// attend does all tasks until the container's end, and says the last word about it.
func (w *watch) attend(tasks []task) {
	end := make(chan struct{})
	var all sync.WaitGroup
	for _, t := range tasks {
		all.Go(func() { t(end) })
	}
	w.untilEnd()
	close(end)
	all.Wait()
	w.note(func(r *state.Report) { r.Ended = true })
}

// untilEnd waits for the end of the container's first process.
func (w *watch) untilEnd() {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(w.pidfd), Events: unix.POLLIN}}, -1)
		if n > 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}

// note changes the report. Where it cannot be written, there is nobody to tell: the container has been deleted, or the disk is
// full.
func (w *watch) note(change func(*state.Report)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.report
	change(&w.report)
	if !reflect.DeepEqual(w.report, before) || w.untold {
		w.untold = w.dir.SaveReport(w.report) != nil
	}
}

// insist changes the report, and writes it when that becomes possible: until urun has made the record, which it does when all are
// ready, there is nothing to report on.
func (w *watch) insist(end <-chan struct{}, change func(*state.Report)) {
	for {
		w.note(change)
		w.mu.Lock()
		untold := w.untold
		w.mu.Unlock()
		if !untold {
			return
		}
		select {
		case <-end:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
