package container

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// errShared is the answer where the processes of a container cannot be told from others.
var errShared = errors.New("the container has neither a pid nor a user namespace of its own, so its processes cannot be told from others")

// scope is how the processes of one container are found without a cgroup: by a namespace that is the container's own.
// That is the pid namespace, or with the host's pids the user namespace. A process leaves neither for one that is
// not inside it.
type scope struct {
	rec   state.Record
	kind  string // pid or user: a file of /proc/PID/ns
	link  string // what that file of the first process links to, for example pid:[4026532200]; empty when it is hidden
	known map[string]bool
}

// member is one process of a container.
type member struct {
	pid   int
	state byte // proc_pid_stat(5) field 3
}

// scopeOf returns the scope of a container whose first process is alive, else errNotRunning.
func scopeOf(rec state.Record) (*scope, error) {
	s := &scope{rec: rec, kind: "pid", known: map[string]bool{}}
	if rec.Namespaces&unix.CLONE_NEWPID == 0 {
		s.kind = "user"
		if rec.Namespaces&unix.CLONE_NEWUSER == 0 {
			return nil, errShared
		}
	}
	s.link = s.linkOf(rec.Pid)
	if !state.Alive(rec) { // asked after the link was read: then the link is of no other process
		return nil, errNotRunning
	}
	s.known[s.link] = true
	if own, err := readlink("/proc/self/ns/" + s.kind); err == nil {
		s.known[own] = false
	}
	return s, nil
}

// linkOf names the namespace of a process; empty when the process is gone or its /proc is not readable.
func (s *scope) linkOf(pid int) string {
	link, err := readlink(s.path(pid))
	if err != nil {
		return ""
	}
	return link
}

func (s *scope) path(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/ns/" + s.kind }

// members returns the processes that are in the container now, by pid. Zombies are not.
func (s *scope) members() ([]member, error) {
	pids := []int{s.rec.Pid}
	// Before its start a container's process is not dumpable, and nobody may read its namespace. It is alone then.
	if s.link != "" {
		var err error
		if pids, err = allPids(); err != nil {
			return nil, err
		}
	}
	var found []member
	for _, pid := range pids {
		if s.link != "" && !s.has(pid) {
			continue
		}
		if letter, ended, err := state.ProcessState(pid); err == nil && !ended {
			found = append(found, member{pid, letter})
		}
	}
	return found, nil
}

// has says whether the process is in the container's namespace or in one inside it.
func (s *scope) has(pid int) bool {
	link := s.linkOf(pid)
	if link == "" {
		return false
	}
	in, ok := s.known[link]
	if !ok {
		in = s.inside(pid)
		s.known[link] = in
	}
	return in
}

// inside says whether the namespace of a process has the container's among its ancestors (ioctl_nsfs(2)).
func (s *scope) inside(pid int) bool {
	fd, err := unix.Open(s.path(pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		var parent int
		parent, err = unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		unix.Close(fd)
		if err != nil {
			break
		}
		fd = parent
		if link, _ := readlink("/proc/self/fd/" + strconv.Itoa(fd)); link == s.link {
			unix.Close(fd)
			return true
		}
	}
	return false
}

// allPids returns the processes that /proc shows, in order.
func allPids() ([]int, error) {
	fd, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errors.New("open /proc: " + err.Error())
	}
	defer unix.Close(fd)
	buf := make([]byte, 16<<10)
	var pids []int
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil && err != unix.EINTR {
			return nil, errors.New("read /proc: " + err.Error())
		}
		if n == 0 && err == nil {
			break
		}
		_, _, names := unix.ParseDirent(buf[:max(n, 0)], -1, nil)
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return pids, nil
}

func readlink(path string) (string, error) {
	var buf [64]byte
	n, err := unix.Readlink(path, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}
