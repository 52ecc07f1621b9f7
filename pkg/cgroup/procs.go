package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Procs lists the processes of the cgroup and of all below it, sorted. A process that is outside of our pid namespace has
// no number here and is not listed.
func (d *Dir) Procs() ([]int, error) {
	var pids []int
	err := d.walk(func(fd int) error {
		own, err := procsAt(fd)
		pids = append(pids, own...)
		return err
	}, nil)
	slices.Sort(pids)
	return slices.Compact(pids), err
}

// procsAt lists the processes of one cgroup. One that is threaded has only threads; its processes are listed above it.
func procsAt(fd int) ([]int, error) {
	text, err := readAt(fd, "cgroup.procs")
	if err == unix.EOPNOTSUPP {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pids []int
	for line := range strings.Lines(text) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("cgroup.procs: %q is no pid", line)
		}
		if pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// Add moves a process with all its threads into the cgroup; pid 0 is the caller. It needs the right to write cgroup.procs
// here and in the nearest cgroup above both places, so that only who is within the same delegated subtree can be moved.
func (d *Dir) Add(pid int) error {
	err := d.add(pid)
	if err == nil {
		return nil
	}
	why := ""
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		why = " (it is in a cgroup that belongs to somebody else, or this one does)"
	case errors.Is(err, unix.EBUSY):
		why = " (a cgroup has processes or controllers for those below it, not both)"
	case errors.Is(err, unix.ESRCH):
		why = " (it has ended)"
	case errors.Is(err, unix.EOPNOTSUPP):
		why = " (the cgroup is threaded or has no valid type)"
	}
	return fmt.Errorf("cgroup %s: add process %d: %w%s", d.path, pid, err, why)
}

// add tries again for a moment on EINVAL, which a process gives that is only just being born.
func (d *Dir) add(pid int) error {
	var err error
	for wait := time.Millisecond; wait < 100*time.Millisecond; wait *= 2 {
		if err = writeAt(d.fd, "cgroup.procs", strconv.Itoa(pid)); err != unix.EINVAL {
			return err
		}
		time.Sleep(wait)
	}
	return err
}

// evacuations bounds how often newborn processes are looked for.
const evacuations = 100

// Evacuate moves all processes of d itself, not those below it, into its child leaf, which is made when it is not there.
// Only then can controllers be enabled for the children: no cgroup but the root has processes and shares out what is to be
// had (cgroups(7), "no internal processes").
func (d *Dir) Evacuate(leaf string) error {
	pids, err := procsAt(d.fd)
	if err != nil {
		return fmt.Errorf("cgroup %s: read cgroup.procs: %w", d.path, err)
	}
	if len(pids) == 0 {
		return nil
	}
	to, err := d.Make(leaf)
	if errors.Is(err, unix.EEXIST) {
		to, err = d.Child(leaf)
	}
	if err != nil {
		return err
	}
	defer to.Close()
	for range evacuations {
		for _, pid := range pids {
			if err := to.Add(pid); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		if pids, err = procsAt(d.fd); err != nil || len(pids) == 0 {
			return err
		}
	}
	return fmt.Errorf("cgroup %s: processes are born faster than they can be moved to %s", d.path, leaf)
}
