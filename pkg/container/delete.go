package container

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

const (
	// killTime bounds the wait for killed processes to be gone. Only the kernel can keep them, in a system call
	// that cannot be interrupted, or a parent outside the container that does not reap.
	killTime = 10 * time.Second

	// lockTime bounds the wait for another urun that works on the container.
	lockTime = 10 * time.Second
)

// Delete removes the container id, which must be stopped, or created and not started: then its process is killed. With force
// a running one is killed first, one whose record is broken is removed, and one that does not exist is no error.
func (r *Runtime) Delete(id string, force bool) error {
	dir, err := r.Store.Open(id)
	if err != nil {
		if force && errors.Is(err, state.ErrNotExist) {
			return nil
		}
		return err
	}
	defer dir.Close()
	rec, err := lockToDelete(dir, force)
	switch {
	case errors.Is(err, errDeleted):
		return nil
	case force && (errors.Is(err, state.ErrCorrupt) || errors.Is(err, state.ErrNotExist)):
		return dir.Remove() // what it was cannot be known any more
	case errors.Is(err, state.ErrCorrupt):
		return fmt.Errorf("%w; delete --force removes it", err)
	case err != nil:
		return err
	}
	if state.Alive(rec) {
		if err := end(rec); err != nil {
			return err
		}
	}
	if err := r.release(rec); err != nil {
		r.Warn("cgroup: " + err.Error())
	}
	r.poststop(savedHooks(dir), rec)
	return dir.Remove()
}

// errDeleted says that somebody else has deleted the container while we were about to.
var errDeleted = errors.New("deleted meanwhile")

// lockToDelete locks a container that may be deleted, and returns its record. One that is about to be created or started
// by somebody else is not waited for but killed: they notice, clean up and give back the lock.
func lockToDelete(dir *state.Dir, force bool) (state.Record, error) {
	for deadline := time.Now().Add(lockTime); ; time.Sleep(2 * time.Millisecond) {
		locked, err := dir.TryLock()
		if errors.Is(err, state.ErrNotExist) {
			return state.Record{}, errDeleted
		}
		if err != nil {
			return state.Record{}, err
		}
		rec, err := dir.Load()
		if err == nil {
			err = deletable(dir, rec, force)
		}
		if locked {
			return rec, err
		}
		switch {
		case time.Now().After(deadline):
			return rec, errors.New("another urun works on it")
		case err != nil && !force && !errors.Is(err, state.ErrNotExist):
			return rec, err
		case err == nil && force && state.Alive(rec):
			if err := gone(killInit(rec, unix.SIGKILL)); err != nil {
				return rec, err
			}
		}
	}
}

// deletable says whether the container may be deleted as things stand.
func deletable(dir *state.Dir, rec state.Record, force bool) error {
	if force {
		return nil
	}
	if st := status(rec, dir); st != statusStopped && st != statusCreated {
		return WithHint(fmt.Errorf("cannot delete container %s that is not stopped: %s", rec.ID, st), "delete --force kills it first")
	}
	return nil
}

// end kills all processes of a container and waits until they are gone.
func end(rec state.Record) error {
	deadline := time.Now().Add(killTime)
	fd, err := openInit(rec)
	if err != nil {
		return gone(err)
	}
	defer unix.Close(fd)
	var s *scope
	if rec.Namespaces&unix.CLONE_NEWPID == 0 {
		// While the first process can still tell of its namespace. Where the container has none of its own its
		// first process is all that can be ended.
		if s, err = scopeOf(rec); err == nil {
			defer s.close()
		}
	}
	if err := gone(sendTo(fd, rec.Pid, unix.SIGKILL)); err != nil {
		return err
	}
	// The first process of a pid namespace ends after all others have (zap_pid_ns_processes in the kernel), so this
	// waits for the whole of it. Somebody's unreaped zombie has ended, too.
	if err := awaitEnd(fd, deadline); err != nil {
		return fmt.Errorf("process %d: %w", rec.Pid, err)
	}
	if s == nil {
		return nil
	}
	return s.sweep(deadline)
}

// awaitEnd waits until the process of a pidfd has ended.
func awaitEnd(pidfd int, deadline time.Time) error {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		left := time.Until(deadline).Milliseconds()
		n, err := unix.Poll(fds, int(max(left, 0)))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("wait: %w", err)
		case n > 0:
			return nil
		case left <= 0:
			return fmt.Errorf("still there %v after SIGKILL", killTime)
		}
	}
}
