package container

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// bySignals is how a container is paused without the freezer of a cgroup; its processes could tell, and one that
// stopped itself before is resumed with the others.
const bySignals = "signals"

// pauseTime bounds how long all processes may take to stop.
const pauseTime = 10 * time.Second

// Pause stops every process of the container id until Resume.
func (r *Runtime) Pause(id string) error {
	return r.locked(id, func(dir *state.Dir, rec state.Record) error {
		if st := status(rec, dir); st != statusRunning && st != statusCreated {
			return notRunning(st)
		}
		if d := openCgroup(rec); d != nil {
			defer d.Close()
			return freeze(d, dir, rec)
		}
		return halt(dir, rec, time.Now().Add(pauseTime))
	})
}

// halt stops every process by a signal. Where one has not stopped at the deadline all go on.
func halt(dir *state.Dir, rec state.Record, deadline time.Time) error {
	s, err := scopeOf(rec)
	if err != nil {
		return err
	}
	defer s.close()
	rec.Paused = bySignals // the record first: if we die on the way the container is resumable
	if err := dir.Save(rec); err != nil {
		return err
	}
	if err := s.stop(deadline); err != nil {
		rec.Paused = ""
		return errors.Join(err, s.cont(), dir.Save(rec))
	}
	return nil
}

// Resume lets the processes of a paused container go on.
func (r *Runtime) Resume(id string) error {
	return r.locked(id, func(dir *state.Dir, rec state.Record) error {
		if st := status(rec, dir); st != statusPaused {
			return fmt.Errorf("container not paused: it is %s", st)
		}
		if err := goOn(rec); err != nil {
			return err
		}
		rec.Paused = ""
		return dir.Save(rec)
	})
}

// goOn lets the processes go on, as they were paused.
func goOn(rec state.Record) error {
	if rec.Paused != bySignals {
		if d := openCgroup(rec); d != nil {
			defer d.Close()
			return thaw(d, rec)
		}
	}
	s, err := scopeOf(rec)
	if err != nil {
		return err
	}
	defer s.close()
	return s.cont()
}

// notRunning words why a container with this status cannot be paused.
func notRunning(status string) error {
	if status == statusStopped {
		return errNotRunning
	}
	return fmt.Errorf("%w: it is %s", errNotRunning, status)
}

// locked does something with a container while nobody else changes it.
func (r *Runtime) locked(id string, do func(*state.Dir, state.Record) error) error {
	dir, err := r.Store.Open(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Lock(); err != nil {
		return err
	}
	rec, err := dir.Load()
	if err != nil {
		return err
	}
	return do(dir, rec)
}

// stop sends SIGSTOP until a look at all processes finds each of them stopped: those that were forked before their parent
// stopped are found on the next look.
func (s *scope) stop(deadline time.Time) error {
	asked := map[int]bool{}
	for {
		members, err := s.members()
		if err != nil {
			return err
		}
		running := 0
		for _, m := range members {
			if stopped(m, asked) {
				continue
			}
			running = m.pid
			asked[m.pid] = true
			if err := s.signal(m.pid, unix.SIGSTOP); err != nil {
				return err
			}
		}
		if running == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d has not stopped in %v", running, pauseTime)
		}
		time.Sleep(time.Millisecond)
	}
}

// stopped says whether the process does nothing any more. One that sleeps uninterruptibly, as a parent in vfork(2) does
// until its stopped child goes on, stops before it runs another instruction of its program.
func stopped(m member, asked map[int]bool) bool {
	switch m.state {
	case 'T', 't':
		return true
	case 'D':
		return asked[m.pid]
	}
	return false
}

// cont sends SIGCONT to all, the youngest first: a parent that watches its children finds them running.
func (s *scope) cont() error {
	members, err := s.members()
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(members) {
		if err := s.signal(m.pid, unix.SIGCONT); err != nil {
			return err
		}
	}
	return nil
}
