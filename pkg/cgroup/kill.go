package cgroup

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Kill ends every process of the cgroup and below with SIGKILL, and waits until none is left. Processes that are born
// meanwhile, and frozen ones, die with the rest.
func (d *Dir) Kill(deadline time.Time) error {
	err := d.Write("cgroup.kill", "1")
	if errors.Is(err, unix.ENOENT) { // Linux before 5.14, or the cgroup is gone
		err = d.killEach(deadline)
	}
	if err != nil && !errors.Is(err, unix.ENODEV) && !errors.Is(err, unix.ENOENT) {
		return err
	}
	gone, err := d.until("populated", 0, deadline)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil && !gone {
		pids, _ := d.Procs()
		err = fmt.Errorf("cgroup %s: processes are still there after SIGKILL: %v; they wait for a device or a file server", d.path, pids)
	}
	return err
}

// killEach is for kernels without cgroup.kill: it looks again until it finds nobody to kill.
func (d *Dir) killEach(deadline time.Time) error {
	for {
		pids, err := d.Procs()
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
				return fmt.Errorf("cgroup %s: kill %d: %w", d.path, pid, err)
			}
		}
		if time.Now().After(deadline) {
			return nil // the caller sees who is left
		}
		time.Sleep(time.Millisecond)
	}
}

// Remove removes the cgroup name of d with all that are below it, once they have no processes: the last one that ended may
// be counted for a moment after somebody has waited for it, so that EBUSY is tried again until the deadline. A cgroup that
// is not there is as good as removed.
func (d *Dir) Remove(name string, deadline time.Time) error {
	for {
		err := d.remove(name, deadline)
		switch {
		case errors.Is(err, unix.ENOENT):
			return nil
		case !errors.Is(err, ErrGone) || time.Now().After(deadline):
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// remove is one try of Remove. ENOENT: it is not there; ErrGone: somebody else, such as systemd, removes what is in it, of which some
// may be left.
func (d *Dir) remove(name string, deadline time.Time) error {
	child, err := d.Child(name)
	if err != nil {
		return err
	}
	defer child.Close()
	switch err = child.walk(nil, func(above int, name string) error { return rmdir(above, name, deadline) }); {
	case err != nil && vanished(err) == nil:
		return ErrGone
	case err != nil:
		return fmt.Errorf("remove: %w", whyBusy(err))
	}
	if err := rmdir(d.fd, name, deadline); err != nil {
		return fmt.Errorf("remove cgroup %s: %w", child.path, whyBusy(err))
	}
	return nil
}

func rmdir(at int, name string, deadline time.Time) error {
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 20*time.Millisecond) {
		err := unix.Unlinkat(at, name, unix.AT_REMOVEDIR)
		if err == unix.ENOENT {
			return nil
		}
		if err != unix.EBUSY && err != unix.EINTR || time.Now().After(deadline) {
			return err
		}
		time.Sleep(wait)
	}
}

func whyBusy(err error) error {
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("%w (processes are left in it)", err)
	}
	return err
}
