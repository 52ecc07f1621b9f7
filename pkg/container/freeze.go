package container

import (
	"errors"
	"strings"
	"time"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/state"
)

// byFreezer is how a container with a cgroup is paused: no process in it can tell.
const byFreezer = "freezer"

// paused says whether nothing in the container runs until it is resumed. Of a container with a cgroup the kernel knows: systemctl
// freezes and thaws a scope as well.
func paused(rec state.Record) bool {
	if rec.Cgroup == nil || rec.Paused == bySignals {
		return rec.Paused != ""
	}
	d := openCgroup(rec)
	if d == nil {
		return rec.Paused != ""
	}
	defer d.Close()
	if !freezes(d) && !scopeFreezes(rec) {
		return false
	}
	frozen, err := d.Frozen()
	return err == nil && frozen
}

// freezes says whether a cgroup is to be frozen by itself, and not only by one above it.
func freezes(d *cgroup.Dir) bool {
	asked, err := d.Read("cgroup.freeze")
	return err == nil && strings.TrimSpace(asked) == "1"
}

// scopeFreezes says so of the scope around the container's cgroup, which systemctl freezes.
func scopeFreezes(rec state.Record) bool {
	if rec.Cgroup.Leaf == "" {
		return false
	}
	d := openIfThere(rec.Cgroup.Path)
	if d == nil {
		return false
	}
	defer d.Close()
	return freezes(d)
}

// thaw lets the container's cgroup d go on, and the scope around it.
func thaw(d *cgroup.Dir, rec state.Record) error {
	if scopeFreezes(rec) {
		whole := openIfThere(rec.Cgroup.Path)
		if whole == nil {
			return cgroup.ErrGone
		}
		defer whole.Close()
		if err := whole.Thaw(); err != nil {
			return err
		}
	}
	return d.Thaw()
}

func freeze(d *cgroup.Dir, dir *state.Dir, rec state.Record) error {
	rec.Paused = byFreezer // the record first: if we die on the way the container is resumable
	if err := dir.Save(rec); err != nil {
		return err
	}
	err := d.Freeze(time.Now().Add(pauseTime))
	if err != nil {
		rec.Paused = ""
		return errors.Join(err, d.Thaw(), dir.Save(rec))
	}
	return nil
}
