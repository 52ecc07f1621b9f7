package cgroup

import (
	"errors"
	"fmt"
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
	frozen, err := d.until("frozen", 1, deadline)
	if err == nil && !frozen {
		err = fmt.Errorf("cgroup %s: not all processes could be frozen in time: one waits for a device or a file server", d.path)
	}
	if err != nil {
		return errors.Join(err, d.Write("cgroup.freeze", "0"))
	}
	return nil
}

// Thaw lets the processes go on. They do at once, unless a cgroup above is frozen too.
func (d *Dir) Thaw() error { return d.Write("cgroup.freeze", "0") }

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
