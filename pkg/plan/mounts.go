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
	c.mountLabel()
	c.plan.mounts.from = len(c.plan.Steps)
	for i, m := range c.spec.Mounts {
		at := fmt.Sprintf("mounts[%d]", i)
		if err := checkPath(at+".destination", m.Destination); err != nil {
			return err
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
	c.plan.mounts.to = len(c.plan.Steps)
	return nil
}

// mount chooses the step for one mount, with what else may serve where the kernel refuses it to an ordinary user.
func (c *compiler) mount(at string, m specs.Mount, o options) (step.Step, error) {
	dest := path.Clean(m.Destination)
	if o.flags&unix.MS_BIND != 0 || m.Type == "bind" {
		return c.bind(at, m, o, dest)
	}
	switch {
	case dest == "/":
		return nil, fmt.Errorf("%s.destination: / is the container's root itself", at)
	case o.links != 0:
		return nil, fmt.Errorf("%s.options: src-nofollow, dest-nofollow and copy-symlink are for bind mounts", at)
	case o.copyUp && m.Type != "tmpfs":
		return nil, fmt.Errorf("%s.options: tmpcopyup is for a tmpfs", at)
	}
	fs := step.Mount{
		Type: m.Type, Source: m.Source, Dest: dest, Flags: o.flags, Propagation: o.propagation, Attr: o.rec, Clear: o.recClr,
		Data: strings.Join(c.labelled(m.Type, c.mappedOnly(o.data)), ","), CopyUp: o.copyUp && o.flags&unix.MS_REMOUNT == 0,
	}
	if fs.Source == "" {
		fs.Source = m.Type
	}
	if len(m.UIDMappings)+len(m.GIDMappings) > 0 {
		var err error
		if fs.UIDMap, fs.GIDMap, err = c.mountMaps(at, m); err != nil {
			return nil, err
		}
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
		return c.mqueue(fs), nil
	case "cgroup", "cgroup2":
		return c.cgroup(fs), nil
	case "overlay":
		fs.Data = c.overlay(fs.Data)
	}
	return fs, nil
}

// overlay lets the kernel keep its notes in user.overlay.* attributes: those of trusted.* are root's (since Linux 5.11).
func (c *compiler) overlay(data string) string {
	if !c.own(unix.CLONE_NEWUSER) && !c.host.Nested {
		return data
	}
	for o := range strings.SplitSeq(data, ",") {
		if o == "userxattr" || o == "metacopy=on" || o == "redirect_dir=on" { // the latter two exclude it
			return data
		}
	}
	return strings.TrimPrefix(data+",userxattr", ",")
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

// mqueue mounts the one of the container's own ipc namespace, else shows the host's. Where it has to be the host's and that is not
// mounted either, message queues work without (mq_overview(7)).
func (c *compiler) mqueue(fs step.Mount) step.Step {
	var host step.Step = step.Bind{Source: "/dev/mqueue", Dest: fs.Dest, Attr: attrOf(fs.Flags)}
	if !c.own(unix.CLONE_NEWIPC) {
		host = step.Optional{Step: host, On: []syscall.Errno{unix.ENOENT}, Noted: c.late(Notice{
			Code: "URUN-MNT-005", Want: "mqueue on " + fs.Dest, Got: "an empty directory",
			Why: "the ipc namespace is not the container's own, and the host has nothing on /dev/mqueue",
		})}
	}
	return step.Ladder{Rungs: []step.Rung{{Step: fs}, {Step: host}}, On: []syscall.Errno{unix.EPERM}}
}

// cgroup shows the container its cgroups where the host has version 2, and an empty directory elsewhere.
func (c *compiler) cgroup(fs step.Mount) step.Step {
	fs.Type, fs.Source, fs.Data = "cgroup2", "cgroup2", ""
	empty := fs
	empty.Type, empty.Source, empty.Data, empty.Flags = "tmpfs", "tmpfs", "mode=755", fs.Flags|unix.MS_RDONLY
	if c.host.CgroupV2 && c.own(unix.CLONE_NEWCGROUP) {
		return fs
	}
	c.note(Notice{
		Code: "URUN-CG-002", Want: "cgroups on " + fs.Dest, Got: "an empty directory",
		Why: "the host has no unified cgroup version 2, or the container no cgroup namespace",
	})
	return empty
}
