package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Available lists the controllers that can be enabled for the children of d: those that were delegated to whoever owns it.
func (d *Dir) Available() ([]string, error) { return d.words("cgroup.controllers") }

// Enabled lists the controllers that the children of d have.
func (d *Dir) Enabled() ([]string, error) { return d.words("cgroup.subtree_control") }

func (d *Dir) words(file string) ([]string, error) {
	text, err := d.Read(file)
	return strings.Fields(text), err
}

// Enable enables controllers for the children of d, each by itself, so that one that is not to be had takes none with it.
// Those that d does not have are returned as lacking; Lacking explains them.
func (d *Dir) Enable(names []string) (lacking []string, err error) {
	available, err := d.Available()
	if err != nil {
		return nil, err
	}
	enabled, err := d.Enabled()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		switch {
		case slices.Contains(enabled, name):
			continue
		case !slices.Contains(available, name):
			lacking = append(lacking, name)
			continue
		}
		if err := writeAt(d.fd, "cgroup.subtree_control", "+"+name); err != nil {
			return lacking, fmt.Errorf("cgroup %s: enable the controller %s: %w%s", d.path, name, err, whyNotEnabled(err))
		}
	}
	return lacking, nil
}

func whyNotEnabled(err error) string {
	switch err {
	case unix.EBUSY:
		return " (it has processes of its own: they have to move into a cgroup below it first)"
	case unix.EACCES, unix.EPERM:
		return " (it belongs to somebody else)"
	case unix.EOPNOTSUPP:
		return " (it is threaded, and this controller is for whole processes)"
	}
	return ""
}

// Grow makes the cgroup rel, such as a/b/c, below d, enables controllers on the way to it, and opens it. It returns what was
// lacking, as Enable does. Cgroups on the way may be there, the last may not: that is an error that matches unix.EEXIST. On
// an error no cgroup stays that was made.
func (d *Dir) Grow(rel string, controllers []string) (child *Dir, lacking []string, err error) {
	name, rest, deeper := strings.Cut(strings.Trim(rel, "/"), "/")
	if lacking, err = d.Enable(controllers); err != nil {
		return nil, nil, err
	}
	next, err := d.Make(name)
	if !deeper {
		return next, lacking, err
	}
	made := err == nil
	if errors.Is(err, unix.EEXIST) {
		next, err = d.Child(name)
	}
	if err != nil {
		return nil, nil, err
	}
	defer next.Close()
	child, more, err := next.Grow(rest, controllers)
	if err != nil && made {
		_ = unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR)
	}
	return child, union(lacking, more), err
}

func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	return a
}
