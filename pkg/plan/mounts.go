package plan

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/step"
)

// mounts emits the config's mounts in their order.
func (c *compiler) mounts() error {
	for i, m := range c.spec.Mounts {
		at := fmt.Sprintf("mounts[%d]", i)
		if !path.IsAbs(m.Destination) {
			return fmt.Errorf("%s.destination: %q is not an absolute path", at, m.Destination)
		}
		if len(m.UIDMappings)+len(m.GIDMappings) > 0 {
			return fmt.Errorf("%s.uidMappings: not supported yet; remove it from config.json to run without it", at)
		}
		o, err := parseOptions(at, m.Options)
		if err != nil {
			return err
		}
		s, err := c.mount(at, m, o)
		if err != nil {
			return err
		}
		c.add(s)
	}
	return nil
}

// options are the parsed options of one mount.
type options struct {
	flags       uint64 // MS_*
	propagation uint64
	rec         uint64 // MOUNT_ATTR_*
	data        []string
}

func parseOptions(at string, list []string) (o options, err error) {
	for i, name := range list {
		known, ok := lookupOption(name)
		switch {
		case !ok:
			o.data = append(o.data, name)
		case known.refused:
			return o, fmt.Errorf("%s.options[%d]: %s: not supported yet; remove it from config.json to run without it", at, i, name)
		case known.propagation != 0 && o.propagation != 0:
			return o, fmt.Errorf("%s.options[%d]: %s: a second propagation", at, i, name)
		default:
			o.flags = o.flags&^known.clr | known.set
			o.rec = o.rec&^known.recClr | known.rec
			o.propagation |= known.propagation
		}
	}
	return o, nil
}

// mount chooses the step for one mount, with what else may serve where the kernel refuses it to an ordinary user.
func (c *compiler) mount(at string, m specs.Mount, o options) (step.Step, error) {
	dest := path.Clean(m.Destination)
	if o.flags&unix.MS_BIND != 0 || m.Type == "bind" {
		return c.bind(at, m, o, dest)
	}
	if dest == "/" {
		return nil, fmt.Errorf("%s.destination: / is the container's root itself", at)
	}
	fs := step.Mount{
		Type: m.Type, Source: m.Source, Dest: dest, Flags: o.flags, Propagation: o.propagation, Attr: o.rec,
		Data: strings.Join(c.mappedOnly(o.data), ","),
	}
	if fs.Source == "" {
		fs.Source = m.Type
	}
	switch m.Type {
	case "":
		return nil, fmt.Errorf("%s.type: missing", at)
	case "proc":
		fs.Plain = true
		return c.proc(fs), nil
	case "sysfs":
		fs.Plain = true
		return c.sysfs(fs), nil
	case "mqueue":
		bind := step.Bind{Source: "/dev/mqueue", Dest: dest, Attr: attrOf(fs.Flags)}
		return step.Ladder{Rungs: []step.Rung{{Step: fs}, {Step: bind}}, On: []syscall.Errno{unix.EPERM}}, nil
	case "cgroup", "cgroup2":
		return c.cgroup(fs), nil
	}
	return fs, nil
}

func (c *compiler) bind(at string, m specs.Mount, o options, dest string) (step.Step, error) {
	switch {
	case m.Source == "":
		return nil, fmt.Errorf("%s.source: missing for a bind mount", at)
	case len(o.data) > 0:
		return nil, fmt.Errorf("%s.options: %q means nothing for a bind mount", at, o.data[0])
	case o.flags&unix.MS_REMOUNT != 0:
		return nil, fmt.Errorf("%s.options: remount: not supported for a bind mount; give its options at the first place", at)
	}
	b := step.Bind{
		Source: c.onHost(m.Source), Dest: dest, Recursive: o.flags&unix.MS_REC != 0,
		Attr: attrOf(o.flags), AttrAll: o.rec, Propagation: o.propagation,
	}
	if b.Source == "/sys" && b.Attr&unix.MOUNT_ATTR_RDONLY != 0 {
		b.AttrAll |= b.Attr // a read-only /sys shall not leave the caller's cgroups writable (CVE-2023-25809)
	}
	return b, nil
}

// mappedOnly leaves out uid= and gid= options whose id has no meaning in the container's user namespace: the kernel
// refuses them with EINVAL. The file system then belongs to the container's root.
func (c *compiler) mappedOnly(data []string) []string {
	kept := data[:0:0]
	for _, o := range data {
		if mapped(o, "uid=", c.plan.Birth.UIDMap) && mapped(o, "gid=", c.plan.Birth.GIDMap) {
			kept = append(kept, o)
		}
	}
	return kept
}

func mapped(option, key string, m idmap.Map) bool {
	value, ok := strings.CutPrefix(option, key)
	if !ok || m == nil {
		return true
	}
	id, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return true // let the kernel speak
	}
	_, ok = m.ToHost(uint32(id))
	return ok
}

// proc mounts a proc of the container's own. Where the caller's own /proc is masked the kernel gives no new one that would
// show more (mount_too_revealing); since Linux 7.2 one without /proc/sys and its like may do; the caller's is the last resort.
func (c *compiler) proc(fs step.Mount) step.Step {
	pids := fs
	pids.Data = strings.TrimPrefix(pids.Data+",subset=pid", ",")
	outer := step.Bind{Source: "/proc", Dest: fs.Dest, Recursive: true, Attr: attrOf(fs.Flags)}
	return step.Ladder{On: []syscall.Errno{unix.EPERM}, Rungs: []step.Rung{
		{Step: fs},
		{Step: pids, Noted: c.late(Notice{
			Code: "URUN-PROC-001", Want: "proc on " + fs.Dest, Got: "a proc with processes only (subset=pid)", Why: "the caller's own /proc is masked",
		})},
		{Step: outer, Noted: c.late(Notice{
			Code: "URUN-PROC-002", Want: "proc on " + fs.Dest, Got: "the caller's own /proc, which shows the caller's processes",
			Why: "the kernel gives no new one: the caller's /proc is masked, or the container has no pid namespace of its own",
			Fix: "run the outer container with an unmasked /proc (podman/docker: --security-opt systempaths=unconfined)",
		})},
	}}
}

// sysfs mounts one for the container's own network namespace, else shows the host's read-only.
func (c *compiler) sysfs(fs step.Mount) step.Step {
	host := step.Bind{Source: "/sys", Dest: fs.Dest, Recursive: true, AttrAll: attrOf(fs.Flags | unix.MS_RDONLY)}
	if !c.own(unix.CLONE_NEWNET) || c.joined(unix.CLONE_NEWNET) {
		return host
	}
	return step.Ladder{Rungs: []step.Rung{{Step: fs}, {Step: host}}, On: []syscall.Errno{unix.EPERM}}
}

// cgroup shows the container its cgroups where the host has version 2, and an empty directory elsewhere.
func (c *compiler) cgroup(fs step.Mount) step.Step {
	fs.Type, fs.Source, fs.Data = "cgroup2", "cgroup2", ""
	empty := fs
	empty.Type, empty.Source, empty.Flags = "tmpfs", "tmpfs", fs.Flags|unix.MS_RDONLY
	if c.host.CgroupV2 && c.own(unix.CLONE_NEWCGROUP) {
		return fs
	}
	c.note(Notice{
		Code: "URUN-CG-002", Want: "cgroups on " + fs.Dest, Got: "an empty directory",
		Why: "the host has no unified cgroup version 2, or the container no cgroup namespace",
	})
	return empty
}
