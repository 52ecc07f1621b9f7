package container

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/state"
)

// errShared is the answer where the processes of a container cannot be told from others.
var errShared = errors.New("the container has neither a pid nor a user namespace of its own, so its processes cannot be told from others")

// scope is how the processes of one container are found: by its cgroup or, without one, by a namespace that is its own.
// That is the pid namespace, or with the host's pids the user namespace. A process leaves neither for one that is
// not inside it.
type scope struct {
	rec  state.Record
	dir  *cgroup.Dir // nil: there is no cgroup
	kind string      // pid or user: a file of /proc/PID/ns

	// link names the namespace, for example pid:[4026532200]; it is empty when that cannot be read. fd keeps the
	// namespace, and so its number, from going to another one as long as we look.
	link string
	fd   int

	// others are the namespaces that were found not to be the container's during one look.
	others map[string]bool
}

// member is one process of a container.
type member struct {
	pid   int
	state byte // proc_pid_stat(5) field 3
}

// scopeOf returns the scope of a container whose first process is alive, else errNotRunning. The caller closes it.
func scopeOf(rec state.Record) (*scope, error) {
	if s := scopeByCgroup(rec); s != nil {
		return s, nil
	}
	s := &scope{rec: rec, kind: "pid", fd: -1}
	if rec.Namespaces&unix.CLONE_NEWPID == 0 {
		s.kind = "user"
		if rec.Namespaces&unix.CLONE_NEWUSER == 0 {
			return nil, errShared
		}
	}
	if fd, err := unix.Open(s.path(rec.Pid), unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		s.fd, s.link = fd, linkOf(fd)
	}
	if !state.Alive(rec) { // asked after the namespace was opened: then it is no other process's
		s.close()
		return nil, errNotRunning
	}
	return s, nil
}

func (s *scope) close() {
	if s.dir != nil {
		s.dir.Close()
		s.dir = nil
	}
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

func (s *scope) path(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/ns/" + s.kind }

// members returns the processes that are in the container now, by pid. Zombies are not.
func (s *scope) members() ([]member, error) {
	if s.dir != nil {
		pids, err := s.dir.Procs()
		return living(pids), err
	}
	s.forget()
	pids := []int{s.rec.Pid}
	// Before its start a container's process is not dumpable, and nobody may read its namespace. It is alone then.
	if s.link != "" {
		var err error
		if pids, err = allPids(); err != nil {
			return nil, err
		}
	}
	if s.link != "" {
		pids = slices.DeleteFunc(pids, func(pid int) bool { return !s.has(pid) })
	}
	return living(pids), nil
}

// living leaves out those that have ended.
func living(pids []int) []member {
	var found []member
	for _, pid := range pids {
		if letter, ended, err := state.ProcessState(pid); err == nil && !ended {
			found = append(found, member{pid, letter})
		}
	}
	return found
}

// forget starts a new look: the number of a namespace that is gone may be that of a new one by then.
func (s *scope) forget() {
	s.others = map[string]bool{}
	if own, err := readlink("/proc/self/ns/" + s.kind); err == nil && own != s.link {
		s.others[own] = true
	}
}

// has says whether the process is in the container's cgroup, or in its namespace, or in one inside it. It is not if its /proc
// cannot be read.
func (s *scope) has(pid int) bool {
	if s.dir != nil {
		return s.inCgroup(pid)
	}
	link, err := readlink(s.path(pid))
	if err != nil || s.others[link] {
		return false
	}
	if link == s.link || s.inside(pid) {
		return true
	}
	s.others[link] = true
	return false
}

// inside says whether the namespace of a process has the container's among its ancestors (ioctl_nsfs(2)).
func (s *scope) inside(pid int) bool {
	fd, err := unix.Open(s.path(pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		var parent int
		parent, err = unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		unix.Close(fd)
		if err == nil && linkOf(parent) == s.link {
			unix.Close(parent)
			return true
		}
		fd = parent
	}
	return false
}

// linkOf names the namespace that fd is a handle of.
func linkOf(fd int) string {
	link, _ := readlink("/proc/self/fd/" + strconv.Itoa(fd))
	return link
}
