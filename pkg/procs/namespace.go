package procs

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// The namespaces by which processes are found: a process leaves neither for one that is not inside it.
const (
	Pid  = "pid"
	User = "user"
)

// Namespace is that of one process. It is held, so that its number cannot go to another one as long as somebody looks.
type Namespace struct {
	kind string
	fd   int
	link string // names it, for example pid:[4026532200]

	// others are the namespaces that were found not to be this one during one look.
	others map[string]bool
}

// Open holds the namespace of a kind that a process is in. The kernel refuses it for one that is not dumpable, as a container's
// is before its start; it is alone then. Close it.
func Open(pid int, kind string) (*Namespace, error) {
	path := nsPath(pid, kind)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	link := linkOf(fd)
	if link == "" {
		unix.Close(fd)
		return nil, fmt.Errorf("%s has no name", path)
	}
	return &Namespace{kind: kind, fd: fd, link: link, others: map[string]bool{}}, nil
}

// Close lets go of the namespace.
func (n *Namespace) Close() {
	if n.fd >= 0 {
		unix.Close(n.fd)
		n.fd = -1
	}
}

// Members returns the processes that are in the namespace, or in one inside it, now, by pid. Zombies are among them.
func (n *Namespace) Members() ([]int, error) {
	n.look()
	pids, err := All()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pids, func(pid int) bool { return !n.Has(pid) }), nil
}

// look starts anew: the number of a namespace that is gone may be that of a new one by then.
func (n *Namespace) look() {
	n.others = map[string]bool{}
	if own, err := readlink("/proc/self/ns/" + n.kind); err == nil && own != n.link {
		n.others[own] = true
	}
}

// Has says whether the process is in the namespace or in one inside it. It is not if its /proc cannot be read.
func (n *Namespace) Has(pid int) bool {
	link, err := readlink(nsPath(pid, n.kind))
	if err != nil || n.others[link] {
		return false
	}
	if link == n.link || n.inside(pid) {
		return true
	}
	n.others[link] = true
	return false
}

// inside says whether the namespace of a process has this one among its ancestors (ioctl_nsfs(2)).
func (n *Namespace) inside(pid int) bool {
	fd, err := unix.Open(nsPath(pid, n.kind), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		var parent int
		parent, err = unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		unix.Close(fd)
		if err == nil && linkOf(parent) == n.link {
			unix.Close(parent)
			return true
		}
		fd = parent
	}
	return false
}

func nsPath(pid int, kind string) string { return "/proc/" + strconv.Itoa(pid) + "/ns/" + kind }

// linkOf names the namespace that fd is a handle of.
func linkOf(fd int) string {
	link, _ := readlink("/proc/self/fd/" + strconv.Itoa(fd))
	return link
}

func readlink(path string) (string, error) {
	var buf [64]byte
	n, err := unix.Readlink(path, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}
