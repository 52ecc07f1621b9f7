package container

import (
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// removeCgroup removes a cgroup that has no processes.
func removeCgroup(dir string) error {
	parent, err := cgroup.Open(path.Dir(dir))
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Remove(path.Base(dir), time.Now().Add(killTime))
}

// openCgroup opens the cgroup that holds the container's processes, and none of urun's; nil: it has none, or it is gone.
func openCgroup(rec state.Record) *cgroup.Dir {
	if rec.Cgroup == nil {
		return nil
	}
	return openIfThere(rec.Cgroup.Inner())
}

func openIfThere(dir string) *cgroup.Dir {
	d, err := cgroup.Open(dir)
	if err != nil {
		return nil
	}
	return d
}

// release ends who watches the container, and what is left in its cgroup, and removes that.
func (r *Runtime) release(rec state.Record) error {
	dismiss(rec)
	if rec.Cgroup == nil {
		return nil
	}
	seen, err := emptied(rec.Cgroup.Path)
	if err != nil {
		return err
	}
	if rec.Cgroup.Manager != plan.BySystemd {
		return removeCgroup(rec.Cgroup.Path)
	}
	if seen {
		return nil // systemd removes a scope in which nobody is left, by itself; to ask it and to wait for it takes its time
	}
	way := host.FindCgroups()
	defer way.Close()
	if !way.Facts.Systemd {
		return errors.New(way.Facts.NoSystemd)
	}
	return way.Manager.Stop(deadline(), rec.Cgroup.Unit)
}

// emptied ends all processes of a cgroup, those of urun's too, and waits until they are gone. false: the cgroup cannot be seen.
func emptied(dir string) (bool, error) {
	d, err := cgroup.Open(dir)
	if errors.Is(err, unix.ENOENT) {
		return true, nil
	}
	if err != nil {
		return false, nil
	}
	defer d.Close()
	err = d.Kill(time.Now().Add(killTime))
	if errors.Is(err, cgroup.ErrGone) {
		err = nil
	}
	return err == nil, err
}

// enter puts one more process into a container's cgroup, or into sub of it. From outside the caller's part of the tree only systemd
// can.
func enter(rec state.Record, sub string, pid int) error {
	d, err := cgroup.Open(path.Join(rec.Cgroup.Path, sub))
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Add(pid)
	if err == nil || rec.Cgroup.Unit == "" || !errors.Is(err, os.ErrPermission) {
		return err
	}
	way := host.FindCgroups()
	defer way.Close()
	if !way.Facts.Systemd {
		return fmt.Errorf("%w; %s", err, way.Facts.NoSystemd)
	}
	return way.Manager.Attach(deadline(), rec.Cgroup.Unit, "/"+sub, []uint32{uint32(pid)})
}
