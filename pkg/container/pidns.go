package container

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/procs"
	"github.com/urun/urun/pkg/state"
)

// errShared is the answer where the processes of a container cannot be told from others.
var errShared = errors.New("the container has neither a pid nor a user namespace of its own, so its processes cannot be told from others")

// scope is how the processes of one container are found without a cgroup: by a namespace that is the container's own.
// That is the pid namespace, or with the host's pids the user namespace.
type scope struct {
	rec state.Record
	ns  *procs.Namespace // nil where it cannot be read
}

// member is one process of a container.
type member struct {
	pid   int
	state byte // proc_pid_stat(5) field 3
}

// scopeOf returns the scope of a container whose first process is alive, else errNotRunning. The caller closes it.
func scopeOf(rec state.Record) (*scope, error) {
	kind := ownNamespace(rec.Namespaces)
	if kind == "" {
		return nil, errShared
	}
	s := &scope{rec: rec}
	if ns, err := procs.Open(rec.Pid, kind); err == nil {
		s.ns = ns
	}
	if !state.Alive(rec) { // asked after the namespace was opened: then it is no other process's
		s.close()
		return nil, errNotRunning
	}
	return s, nil
}

// ownNamespace is the kind of namespace, of those with the CLONE_NEW* flags, that tells a container's processes; empty: none.
func ownNamespace(flags uint64) string {
	switch {
	case flags&unix.CLONE_NEWPID != 0:
		return procs.Pid
	case flags&unix.CLONE_NEWUSER != 0:
		return procs.User
	}
	return ""
}

func (s *scope) close() {
	if s.ns != nil {
		s.ns.Close()
		s.ns = nil
	}
}

// members returns the processes that are in the container now, by pid. Zombies are not.
func (s *scope) members() ([]member, error) {
	pids := []int{s.rec.Pid}
	// Before its start a container's process is not dumpable, and nobody may read its namespace. It is alone then.
	if s.ns != nil {
		var err error
		if pids, err = s.ns.Members(); err != nil {
			return nil, err
		}
	}
	var found []member
	for _, pid := range pids {
		if letter, ended, err := state.ProcessState(pid); err == nil && !ended {
			found = append(found, member{pid, letter})
		}
	}
	return found, nil
}

// has says whether the process is in the container's namespace or in one inside it.
func (s *scope) has(pid int) bool { return s.ns != nil && s.ns.Has(pid) }
