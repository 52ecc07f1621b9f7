package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Failure is a setting that is not held.
type Failure struct {
	Setting Setting
	Err     error  // matches the errno
	Why     string // the reason in words; may be empty
	Fix     string // what to do; may be empty
}

// Lacking tells whether the controller was never delegated to us, so that another way to limit is worth a look.
func (f Failure) Lacking() bool { return f.Fix != "" }

func (f Failure) Error() string {
	s := fmt.Sprintf("%s: write %s to %s: %v", f.Setting.Path, f.Setting.Value, f.Setting.File, f.Err)
	if f.Why != "" {
		s += " (" + f.Why + ")"
	}
	if f.Fix != "" {
		s += "; " + f.Fix
	}
	return s
}

// Unwrap lets errors.Is see the errno.
func (f Failure) Unwrap() error { return f.Err }

// Apply writes the settings, in order, and goes on where one cannot be written: each controller is decided by itself. It
// returns those that are not held, in the order of settings.
func (d *Dir) Apply(settings []Setting) []Failure {
	errs := make([]error, len(settings))
	for i, s := range settings {
		errs[i] = d.apply(s)
	}
	// Some values are checked against others, such as cpu.max.burst against the quota of before: what was refused is tried
	// again beside its new neighbours.
	for i, s := range settings {
		if errs[i] == unix.EINVAL {
			errs[i] = d.apply(s)
		}
	}
	available, _ := d.Available()
	var failures []Failure
	for i, s := range settings {
		if errs[i] == nil || moot(settings, errs, i, available) {
			continue
		}
		failures = append(failures, d.explain(s, errs[i], available))
	}
	return failures
}

// errBelow is the answer to a limit that is below what is in use already.
var errBelow = errors.New("less than what is in use")

func (d *Dir) apply(s Setting) error {
	if err := d.notBelow(s); err != nil {
		return err
	}
	return writeAt(d.fd, s.File, s.Value)
}

// Fits says why the setting is not to be written as things stand: it is below what is in use, and that was not to be
// (memory.checkBeforeUpdate).
func (d *Dir) Fits(s Setting) error {
	if err := d.notBelow(s); errors.Is(err, errBelow) {
		return fmt.Errorf("%s: %s is %w", s.Path, s.Value, err)
	}
	return nil
}

func (d *Dir) notBelow(s Setting) error {
	if s.NotBelow == "" {
		return nil
	}
	used, err := readAt(d.fd, s.NotBelow)
	if err != nil {
		return err
	}
	now, errNow := strconv.ParseUint(strings.TrimSpace(used), 10, 64)
	limit, errLimit := strconv.ParseUint(s.Value, 10, 64)
	if errNow == nil && errLimit == nil && limit < now {
		return fmt.Errorf("%w, %d (checkBeforeUpdate)", errBelow, now)
	}
	return nil
}

// moot tells whether nothing is lost by the failure of setting i.
func moot(settings []Setting, errs []error, i int, available []string) bool {
	s := settings[i]
	if errs[i] == unix.ENOENT {
		// No limit is what there is without a file.
		if s.Value == "max" || s.Optional && slices.Contains(available, s.Controller) {
			return true
		}
	}
	for j, other := range settings {
		if s.AnyOf != "" && other.AnyOf == s.AnyOf && errs[j] == nil {
			return true
		}
	}
	return false
}

// explain turns an errno into what it means for this file.
func (d *Dir) explain(s Setting, err error, available []string) Failure {
	f := Failure{Setting: s, Err: err}
	delegated := s.Controller == "" || slices.Contains(available, s.Controller)
	switch {
	case err == unix.ENOENT && !delegated:
		f.Why = "the controller " + s.Controller + " is not delegated to " + d.path
		f.Fix = DropIn([]string{s.Controller}, available)
	case err == unix.ENOENT:
		f.Why = "this kernel has no such file"
	case err == unix.EACCES, err == unix.EPERM, err == unix.EROFS:
		f.Why = "the file belongs to somebody else"
	case err == unix.EINVAL, err == unix.ERANGE, err == unix.EOPNOTSUPP:
		f.Why = "the kernel does not take this value"
	case err == unix.ENODEV, err == unix.ENXIO:
		f.Why = "there is no such device"
	case err == unix.EBUSY:
		f.Why = "more than that is in use and cannot be taken back"
	}
	return f
}

// byManager are the controllers that systemd hands on (systemd.resource-control(5), Delegate=).
var byManager = []string{"cpu", "cpuset", "io", "memory", "pids"}

// DropInFor is DropIn for one controller that is lacking, with the others that the settings lack too: a hint for each by itself would
// have one undo the other.
func DropInFor(controller string, settings []Setting, have []string) string {
	lacking := []string{controller}
	if slices.Contains(byManager, controller) {
		for _, name := range Controllers(settings) {
			if slices.Contains(byManager, name) {
				lacking = append(lacking, name)
			}
		}
	}
	return DropIn(lacking, have)
}

// DropIn says how root lets users have the controllers that are lacking, beside those that they have.
func DropIn(lacking, have []string) string {
	var names []string
	for _, name := range byManager {
		if slices.Contains(have, name) || slices.Contains(lacking, name) {
			names = append(names, name)
		}
	}
	for _, name := range lacking {
		if !slices.Contains(byManager, name) {
			return "systemd hands the controller " + name + " on to nobody: only root can limit this"
		}
	}
	return "let root write [Service] and Delegate=" + strings.Join(names, " ") +
		" into /etc/systemd/system/user@.service.d/delegate.conf, do systemctl daemon-reload, and log in anew"
}
