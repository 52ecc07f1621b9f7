package container

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

// Kill sends a signal to the first process of the container id, with all to every process. With all a stopped container is
// no error: there is nobody left.
func (r *Runtime) Kill(id string, sig unix.Signal, all bool) error {
	dir, err := r.Store.Open(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	rec, err := dir.Load()
	if err != nil {
		return err
	}
	if endsWaiting(sig) && !paused(rec) && waits(dir) {
		err := sandbox.End(socketPath(dir))
		if err != nil && !errors.Is(err, sandbox.ErrNotWaiting) {
			return err
		}
		if err == nil && !(all && rec.Namespaces&unix.CLONE_NEWPID == 0) { // its end is the end of all, as in killAll
			return nil
		}
	}
	if !all {
		return killInit(rec, sig)
	}
	err = killAll(rec, sig)
	if errors.Is(err, errNotRunning) {
		return nil
	}
	return err
}

// endsWaiting names the signals that end a container that waits for its start. The process itself cannot be ended by them: it
// blocks signals, and then, as the first one of its pid namespace, it would have to have a handler (pid_namespaces(7)).
func endsWaiting(sig unix.Signal) bool {
	return sig == unix.SIGTERM || sig == unix.SIGINT || sig == unix.SIGHUP || sig == unix.SIGQUIT
}

// killInit signals the first process, and no other that has got its pid.
func killInit(rec state.Record, sig unix.Signal) error {
	fd, err := openInit(rec)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return sendTo(fd, rec.Pid, sig)
}

func sendTo(pidfd, pid int, sig unix.Signal) error {
	switch err := unix.PidfdSendSignal(pidfd, sig, nil, 0); err {
	case nil:
		return nil
	case unix.ESRCH:
		return errNotRunning
	default:
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
}

func killAll(rec state.Record, sig unix.Signal) error {
	if sig == unix.SIGKILL && rec.Namespaces&unix.CLONE_NEWPID != 0 {
		return killInit(rec, sig) // its end is the end of all (pid_namespaces(7))
	}
	s, err := scopeOf(rec)
	if err != nil {
		return err
	}
	defer s.close()
	if sig == unix.SIGKILL && s.dir != nil {
		return s.dir.Kill(time.Now().Add(killTime))
	}
	if sig == unix.SIGKILL {
		return s.sweep(time.Now().Add(killTime))
	}
	members, err := s.members()
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := s.signal(m.pid, sig); err != nil {
			return err
		}
	}
	return nil
}

// signal signals a process that was found in the container. That its pid has not gone to another process since is known
// because its namespace is asked for after the pidfd was opened.
func (s *scope) signal(pid int, sig unix.Signal) error {
	if pid == s.rec.Pid {
		return gone(killInit(s.rec, sig))
	}
	fd, err := openProcess(pid)
	if err != nil {
		return gone(err)
	}
	defer unix.Close(fd)
	if !s.has(pid) {
		return nil
	}
	return gone(sendTo(fd, pid, sig))
}

// gone makes a process that ended meanwhile no error.
func gone(err error) error {
	if errors.Is(err, errNotRunning) {
		return nil
	}
	return err
}

// sweep kills all processes of the container until none is left.
func (s *scope) sweep(deadline time.Time) error {
	for {
		members, err := s.members()
		if err != nil || len(members) == 0 {
			return err
		}
		for _, m := range members {
			if err := s.signal(m.pid, unix.SIGKILL); err != nil {
				return err
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d is still there %v after SIGKILL", members[0].pid, killTime)
		}
		time.Sleep(time.Millisecond)
	}
}
