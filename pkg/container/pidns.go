package container

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/procs"
	"github.com/urun/urun/pkg/state"
)

// errShared is the answer where the processes of a container cannot be told from others.
var errShared = errors.New("the container has neither a pid nor a user namespace of its own, so its processes cannot be told from others")

// scope is how the processes of one container are found: by its cgroup or, without one, by a namespace that is its own.
// That is the pid namespace, or with the host's pids the user namespace.
type scope struct {
	rec state.Record
	dir *cgroup.Dir      // nil: there is no cgroup
	ns  *procs.Namespace // nil: there is a cgroup, or it cannot be read
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

// scopeByCgroup is nil where the container has no cgroup, or nobody can be left in it: with the first process of its own pid
// namespace all others have ended. With the host's pids they may live on.
func scopeByCgroup(rec state.Record) *scope {
	if rec.Namespaces&unix.CLONE_NEWPID != 0 && !state.Alive(rec) {
		return nil
	}
	d := openCgroup(rec)
	if d == nil {
		return nil
	}
	if there, err := d.Populated(); err != nil || !there {
		d.Close()
		return nil
	}
	return &scope{rec: rec, dir: d}
}

func (s *scope) close() {
	if s.dir != nil {
		s.dir.Close()
		s.dir = nil
	}
	if s.ns != nil {
		s.ns.Close()
		s.ns = nil
	}
}

// members returns the processes that are in the container now, by pid. Zombies are not.
func (s *scope) members() ([]member, error) {
	if s.dir != nil {
		pids, err := s.dir.Procs()
		return living(pids), err
	}
	pids := []int{s.rec.Pid}
	// Before its start a container's process is not dumpable, and nobody may read its namespace. It is alone then, but for what exec
	// has added: with a pid namespace that ends with it, and without one, and without a cgroup, it is not found.
	if s.ns != nil {
		var err error
		if pids, err = s.ns.Members(); err != nil {
			return nil, err
		}
	}
	return living(pids), nil
}

// living leaves out those that have ended. Of one that cannot be looked at, for want of descriptors, the state is 0.
func living(pids []int) []member {
	var found []member
	for _, pid := range pids {
		letter, ended, err := state.ProcessState(pid)
		if !ended && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ESRCH) {
			found = append(found, member{pid, letter})
		}
	}
	return found
}

// has says whether the process is in the container's cgroup, or in its namespace, or in one inside it.
func (s *scope) has(pid int) bool {
	if s.dir != nil {
		where, err := cgroup.PlaceOf(strconv.Itoa(pid))
		return err == nil && (where.Dir == s.dir.Path() || strings.HasPrefix(where.Dir, s.dir.Path()+"/"))
	}
	return s.ns != nil && s.ns.Has(pid)
}
