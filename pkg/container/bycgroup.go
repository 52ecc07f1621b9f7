package container

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/state"
)

// scopeByCgroup is nil where the container has no cgroup, or nobody can be left in it: with the first process of its own pid
// namespace all others have ended. With the host's pids they may live on.
func scopeByCgroup(rec state.Record) *scope {
	if rec.Namespaces&unix.CLONE_NEWPID != 0 && !state.Alive(rec) {
		return nil
	}
	d := openInner(rec)
	if d == nil {
		return nil
	}
	if there, err := d.Populated(); err != nil || !there {
		d.Close()
		return nil
	}
	return &scope{rec: rec, dir: d, fd: -1}
}

// inCgroup says whether a process is in the container's cgroup, or in one below it.
func (s *scope) inCgroup(pid int) bool {
	where, err := cgroup.PlaceOf(strconv.Itoa(pid))
	return err == nil && (where.Dir == s.dir.Path() || strings.HasPrefix(where.Dir, s.dir.Path()+"/"))
}

// paused says whether nothing in the container runs until it is resumed. Of a container with a cgroup the kernel knows: systemctl
// freezes and thaws a scope as well.
func paused(rec state.Record) bool {
	if rec.Cgroup == nil || rec.Paused == bySignals {
		return rec.Paused != ""
	}
	d := openInner(rec)
	if d == nil {
		return rec.Paused != ""
	}
	defer d.Close()
	if frozen, err := d.Frozen(); err != nil || !frozen {
		return false
	}
	scope := openCgroup(rec)
	if scope == nil {
		return rec.Paused != ""
	}
	defer scope.Close()
	return freezes(d) || freezes(scope)
}

// freezes says whether somebody has frozen this very cgroup.
func freezes(d *cgroup.Dir) bool {
	text, err := d.Read("cgroup.freeze")
	return err == nil && strings.TrimSpace(text) == "1"
}

// thaw lets the container's processes go on, whoever has frozen them.
func thaw(d *cgroup.Dir, rec state.Record) error {
	if scope := openCgroup(rec); scope != nil {
		defer scope.Close()
		if freezes(scope) {
			if err := scope.Thaw(); err != nil {
				return err
			}
		}
	}
	return d.Thaw()
}
