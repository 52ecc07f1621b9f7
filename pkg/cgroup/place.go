package cgroup

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Place is where a process stands in the hierarchy.
type Place struct {
	Membership
	Dir string // the directory of its v2 cgroup; empty where that cannot be seen
}

// Here finds the place of this process.
func Here() (Place, error) { return PlaceOf("self") }

// PlaceOf finds the place of another process of our pid namespace, as we see it; "self" is this one.
func PlaceOf(pid string) (Place, error) {
	text, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if os.IsNotExist(err) && pid == "self" {
		return Place{Membership: Membership{Layout: None}}, nil // a kernel without cgroups, or no /proc
	}
	if err != nil {
		return Place{}, err
	}
	m, err := ParseProc(string(text))
	if err != nil {
		return Place{}, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Place{}, err
	}
	p := Place{Membership: m}
	if dir, ok := Locate(ParseMounts(string(mounts)), m.Unified); ok && !m.Deleted {
		p.Dir = dir
	}
	return p, nil
}

// Subtree says what an ordinary user may do with a cgroup.
type Subtree struct {
	Available []string // controllers that its children can have
	Enabled   []string // controllers that its children have
	Writable  bool     // cgroups can be made, processes moved into them and controllers enabled
}

// Inspect looks at the cgroup at dir. Whether it can be written is asked of the kernel, with the effective user's rights:
// it is so in a service or scope with Delegate=yes, in a container with a writable /sys/fs/cgroup, and below
// user@UID.service.
func Inspect(dir string) (Subtree, error) {
	d, err := Open(dir)
	if err != nil {
		return Subtree{}, err
	}
	defer d.Close()
	var s Subtree
	if s.Available, err = d.Available(); err != nil {
		return Subtree{}, err
	}
	if s.Enabled, err = d.Enabled(); err != nil {
		return Subtree{}, err
	}
	s.Writable = d.writable(".") && d.writable("cgroup.procs") && d.writable("cgroup.subtree_control")
	return s, nil
}

func (d *Dir) writable(name string) bool {
	return unix.Faccessat(d.fd, name, unix.W_OK, unix.AT_EACCESS) == nil
}

// String says in a line what can be done.
func (s Subtree) String() string {
	return fmt.Sprintf("writable %v, controllers %v, enabled %v", s.Writable, s.Available, s.Enabled)
}
