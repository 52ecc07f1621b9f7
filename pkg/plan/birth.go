package plan

import (
	"fmt"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/step"
)

// birth emits what happens before the process looks at its world: descriptors, namespaces to join, id maps.
func (c *compiler) birth() error {
	b := &c.plan.Birth
	c.add(step.Keep{})
	if c.plan.Cgroup != nil {
		c.add(step.Await{For: "the cgroup"})
	}
	if err := c.oomScore(c.spec.Process.OOMScoreAdj); err != nil {
		return err
	}
	offsets, err := c.timeOffsets()
	if err != nil {
		return err
	}
	if c.plan.Cgroup != nil { // its root is the cgroup that the process is in when it is made (cgroup_namespaces(7))
		b.Late = b.Flags & unix.CLONE_NEWCGROUP
		b.Flags &^= unix.CLONE_NEWCGROUP
	}
	var waiting uint64 // new namespaces that wait for the last fork
	if len(offsets) > 0 {
		waiting = b.Flags & unix.CLONE_NEWPID
		b.Flags &^= unix.CLONE_NEWPID | unix.CLONE_NEWTIME
	}
	if len(b.Joins) > 0 {
		c.add(step.Undumpable{})
		for _, j := range b.Joins {
			c.add(step.Join{Input: j.Input, Flags: j.Flag, From: j.Path})
		}
		c.add(step.Fork{Flags: b.Flags})
		b.Flags = 0
	}
	switch b.MapBy {
	case MapSelf:
		c.add(step.IDMap{UID: b.UIDMap, GID: b.GIDMap})
	case MapHelpers, MapDirect:
		c.add(step.Await{For: "id maps"})
	}
	c.add(step.Become{UID: first(b.UIDMap), GID: first(b.GIDMap), SetGroups: b.SetGroups, Hidden: len(b.Joins) > 0})
	if late := c.plan.Birth.Late; late != 0 {
		c.add(step.Unshare{Flags: late})
	}
	c.reborn(offsets, waiting)
	if c.networkEarly() {
		c.awaitNetwork()
	}
	if h := c.spec.Hooks; c.opt.Wait || h != nil && len(h.StartContainer) > 0 {
		c.add(step.HoldNamespaces{})
	}
	if !c.opt.NoNewKeyring {
		c.add(step.Optional{Step: step.Keyring{Name: "_ses." + c.opt.ID}, On: anyErrno})
	}
	return nil
}

// oomScore emits the setting of process.oomScoreAdj, through the caller's /proc.
func (c *compiler) oomScore(adj *int) error {
	if adj == nil {
		return nil
	}
	if *adj < -1000 || *adj > 1000 {
		return fmt.Errorf("process.oomScoreAdj: %d is not in -1000…1000", *adj)
	}
	c.add(step.Optional{Step: step.OOMScore{Adj: *adj}, On: []syscall.Errno{unix.EACCES, unix.EPERM}, Noted: c.late(Notice{
		Code: "URUN-OOM-001", Want: fmt.Sprintf("process.oomScoreAdj %d", *adj), Got: "the caller's own value",
		Why: "without root it can only be raised",
	})})
	return nil
}

var anyErrno = []syscall.Errno{0xffff}

// first is the id that the container is set up as: 0 where it is mapped.
func first(m idmap.Map) uint32 {
	if _, ok := m.ToHost(0); ok || len(m) == 0 {
		return 0
	}
	return m[0].ContainerID
}

// root emits the taking of the rootfs.
func (c *compiler) root() error {
	if c.spec.Root.Path == "" {
		return fmt.Errorf("root.path: missing")
	}
	rootfs := c.onHost(c.spec.Root.Path)
	c.plan.Birth.Rootfs = rootfs
	if rootfs == "/" {
		return fmt.Errorf("root.path: / is the host's own root")
	}
	flags, _, err := rootPropagation(c.spec.Linux.RootfsPropagation)
	if err != nil {
		return err
	}
	c.add(step.Propagation{Flags: flags}, step.Root{Path: rootfs})
	return nil
}

// rootPropagation splits linux.rootfsPropagation into what the whole inherited tree gets at the start and what the root
// gets in the end: pivot_root(2) refuses shared mounts, so sharing comes last.
func rootPropagation(name string) (all, root uint64, err error) {
	if name == "" {
		return unix.MS_SLAVE | unix.MS_REC, 0, nil
	}
	o, ok := lookupOption(name)
	if !ok || o.propagation == 0 {
		return 0, 0, fmt.Errorf("linux.rootfsPropagation: unknown value %q", name)
	}
	switch o.propagation &^ unix.MS_REC {
	case unix.MS_SHARED, unix.MS_UNBINDABLE:
		return unix.MS_SLAVE | unix.MS_REC, o.propagation &^ unix.MS_REC, nil
	}
	return o.propagation | unix.MS_REC, 0, nil
}

// onHost makes a path of the config absolute: relative ones are meant from the bundle.
func (c *compiler) onHost(p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(c.opt.Bundle, p)
}
