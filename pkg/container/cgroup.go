package container

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bus"
	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// busTime bounds each conversation with the caller's systemd.
const busTime = 10 * time.Second

// leafName is the cgroup in a scope that holds the container's processes, so that controllers can be handed on to it; crun calls
// it so, and engines know the name.
const leafName = "container"

// placing puts a process that waits to be born into the cgroup of its plan.
type placing struct {
	id   string
	want *plan.Cgroup
	way  *host.Cgroups
	made state.Cgroup
	lost []plan.Notice // limits that do not hold

	monitor   int  // pid of the urun-monitor that stays in the scope; 0: there is none
	networked bool // it holds the network too
}

// place makes the cgroup and puts the process into it. On an error nothing stays.
func (p *placing) place(pid int) error {
	p.made.Manager = p.want.Manager
	var d *cgroup.Dir
	var err error
	if p.want.Manager == plan.BySystemd {
		d, err = p.inScope(pid)
	} else {
		d, err = p.inOwn(pid)
	}
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	defer d.Close()
	for _, f := range d.Apply(p.want.Settings) {
		p.lost = append(p.lost, refused(f, "no limit"))
	}
	p.made.Limits = limits(d, p.want.Settings)
	return nil
}

// inScope has systemd make a scope around the process, and puts it into a leaf of that.
func (p *placing) inScope(pid int) (*cgroup.Dir, error) {
	limits, err := cgroup.Properties(p.want.Settings, p.way.Version)
	if err != nil {
		return nil, err
	}
	unit := p.want.Unit
	list := cgroup.Merge(cgroup.Merge(unit.Properties(pid, "urun container "+p.id), limits), p.want.Properties)
	if err := p.startScope(pid, list); err != nil {
		return nil, err
	}
	p.made.Unit = unit.Name
	d, err := p.leaf(pid)
	if err != nil {
		_ = p.way.Manager.Stop(deadline(), unit.Name)
	}
	return d, err
}

func deadline() time.Time { return time.Now().Add(busTime) }

// start starts the scope. One of the same name in which nobody is left does not stand in the way.
func (p *placing) start(name string, list []cgroup.Property) error {
	err := p.way.Manager.Start(deadline(), name, list)
	if !bus.IsExists(err) {
		return err
	}
	used, usedErr := p.inUse(name)
	if usedErr != nil {
		return fmt.Errorf("%w: whether it has processes cannot be seen: %w", err, usedErr)
	}
	if used {
		return fmt.Errorf("%w: it has processes; \"systemctl --user status %s\" shows them", err, name)
	}
	if err := p.way.Manager.Stop(deadline(), name); err != nil {
		return err
	}
	return p.way.Manager.Start(deadline(), name, list)
}

func (p *placing) inUse(name string) (bool, error) {
	path, err := p.way.Manager.Cgroup(deadline(), name)
	if err != nil || path == "" {
		return false, err
	}
	dir, ok := p.way.Dir(path)
	if !ok {
		return false, fmt.Errorf("cgroup %s cannot be seen", path)
	}
	d, err := cgroup.Open(dir)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	return d.Populated()
}

func (p *placing) leaf(pid int) (*cgroup.Dir, error) {
	where, err := cgroup.PlaceOf(strconv.Itoa(pid))
	if err != nil {
		return nil, err
	}
	if where.Dir == "" {
		return nil, errors.New("the scope's directory cannot be seen below /sys/fs/cgroup")
	}
	p.made.Path, p.made.Leaf = where.Dir, leafName
	scope, err := cgroup.Open(where.Dir)
	if err != nil {
		return nil, err
	}
	defer scope.Close()
	leaf, err := scope.Make(leafName)
	if err != nil {
		return nil, err
	}
	if err = leaf.Add(pid); err == nil {
		err = p.station(scope)
	}
	if err == nil {
		var all []string
		if all, err = scope.Available(); err == nil {
			_, err = scope.Enable(all)
		}
	}
	if err != nil {
		leaf.Close()
		return nil, err
	}
	return leaf, nil
}

// inOwn makes a cgroup in the caller's own.
func (p *placing) inOwn(pid int) (*cgroup.Dir, error) {
	own, err := cgroup.Open(p.way.OwnDir)
	if err != nil {
		return nil, err
	}
	defer own.Close()
	d, err := grow(own, p.want.Path, cgroup.Controllers(p.want.Settings))
	if err != nil {
		return nil, err
	}
	p.made.Path = path.Join(p.way.OwnDir, p.want.Path)
	if err := d.Add(pid); err != nil {
		d.Close()
		_ = removeCgroup(p.made.Path)
		return nil, err
	}
	return d, nil
}

// callersName is the cgroup that processes move into which are in the caller's own.
const callersName = "urun-callers"

// grow makes the cgroup. What is left there of a container that has ended does not stand in the way. Processes that are in the
// caller's own cgroup move into a leaf of it, before it hands on any controller: with them in it, it could hand on none or, worse,
// those that are for threads too, and then it and all below it would be for threads alone (cgroups(7), "Thread mode").
func grow(own *cgroup.Dir, rel string, controllers []string) (*cgroup.Dir, error) {
	if len(controllers) > 0 {
		if err := own.Evacuate(callersName); err != nil {
			return nil, err
		}
	}
	d, _, err := own.Grow(rel, controllers)
	if errors.Is(err, unix.EEXIST) {
		if err := removeCgroup(path.Join(own.Path(), rel)); err != nil {
			return nil, err
		}
		d, _, err = own.Grow(rel, controllers)
	}
	return d, err
}
