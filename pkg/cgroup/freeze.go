package cgroup

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Freeze stops all processes of the cgroup and below, and returns when the kernel says that they are (frozen 1 in
// cgroup.events). It says so late, or never, where a process sleeps uninterruptibly: at the deadline all are thawed again
// and the answer is an error.
func (d *Dir) Freeze(deadline time.Time) error {
	if err := d.Write("cgroup.freeze", "1"); err != nil {
		return noFile(err, "cgroup.freeze came with Linux 5.2")
	}
	frozen, err := d.allFrozen(deadline)
	if err == nil && !frozen {
		err = fmt.Errorf("cgroup %s: not all processes could be frozen in time: one waits for a device or a file server", d.path)
	}
	if err != nil {
		return errors.Join(err, d.Write("cgroup.freeze", "0"))
	}
	return nil
}

// allFrozen waits for the cgroup and for each below it. The kernel's word alone is too good for one that has both processes
// and cgroups below: it says frozen 1 when either its own processes or all of those cgroups are, whichever comes first
// (cgroup_update_frozen and cgroup_propagate_frozen in kernel/cgroup/freezer.c). So each is asked by itself, and of such
// ones the threads too. It looks again until there was nothing to wait for: a process that still ran may have gone where
// it had looked already.
func (d *Dir) allFrozen(deadline time.Time) (bool, error) {
	for {
		waited, late := false, false
		err := d.walk(func(fd int) error {
			if late {
				return nil
			}
			at := &Dir{fd, d.path}
			frozen, err := at.Frozen()
			if err != nil {
				return vanished(err)
			}
			if frozen && !at.runs() {
				return nil
			}
			waited = true
			if frozen, err = at.until("frozen", 1, deadline); err == nil && frozen {
				time.Sleep(time.Millisecond)
			}
			late = !frozen && err == nil || time.Now().After(deadline)
			return vanished(err)
		}, nil)
		if err != nil || late || !waited {
			return err == nil && !late, err
		}
	}
}

// runs tells, of a cgroup that has others below, whether a thread of its own still runs. One that is to be frozen has
// been woken and is R until it has stopped; in D it stops before it runs another instruction of its program.
func (d *Dir) runs() bool {
	stat, err := readAt(d.fd, "cgroup.stat")
	if err != nil || keyed(stat)["nr_descendants"] == 0 {
		return false
	}
	threads, err := readAt(d.fd, "cgroup.threads")
	if err != nil {
		return false
	}
	for _, tid := range strings.Fields(threads) {
		text, _ := os.ReadFile("/proc/" + tid + "/stat")
		if i := strings.LastIndexByte(string(text), ')'); i >= 0 && strings.HasPrefix(string(text[i:]), ") R") {
			return true
		}
	}
	return false
}

// vanished passes over a cgroup that was removed while we looked at it; it has no processes.
func vanished(err error) error {
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) || errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// thawTime bounds how long Thaw waits for the kernel to say that it has been done.
const thawTime = time.Second

// Thaw lets the processes go on, and waits until the kernel says so: whoever asks next should not hear that they are frozen.
// While a cgroup above is frozen too they stay so, and Thaw returns after a second.
func (d *Dir) Thaw() error {
	if err := d.Write("cgroup.freeze", "0"); err != nil {
		return err
	}
	_, err := d.until("frozen", 0, time.Now().Add(thawTime))
	return vanished(err)
}

// Frozen tells whether all processes are frozen, be it by a cgroup above.
func (d *Dir) Frozen() (bool, error) { return d.event("frozen") }

// Populated tells whether there is a process in the cgroup or below.
func (d *Dir) Populated() (bool, error) { return d.event("populated") }

func (d *Dir) event(key string) (bool, error) {
	text, err := d.Read("cgroup.events")
	return keyed(text)[key] == 1, err
}

// noFile says which kernel an absent file came with.
func noFile(err error, since string) error {
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%w (%s)", err, since)
	}
	return err
}
