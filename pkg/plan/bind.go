package plan

import (
	"fmt"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// noIDMap says why id-mapped mounts of the host's file systems cannot be had (the check is can_idmap_mount of fs/namespace.c).
const noIDMap = "an id-mapped mount is refused to an ordinary user: the kernel asks for CAP_SYS_ADMIN in the user namespace " +
	"that the file system was mounted from, which is the host's (mount_setattr(2): EPERM)"

// flagsOfSuper are those that belong to a file system as a whole, not to one mount of it.
const flagsOfSuper = unix.MS_SYNCHRONOUS | unix.MS_DIRSYNC | unix.MS_MANDLOCK | unix.MS_I_VERSION | unix.MS_LAZYTIME

func (c *compiler) bind(at string, m specs.Mount, o options, dest string) (step.Step, error) {
	remount := o.flags&unix.MS_REMOUNT != 0
	switch {
	case m.Source == "" && !remount:
		return nil, fmt.Errorf("%s.source: missing for a bind mount", at)
	case dest == "/" && !remount: // the root has been taken hold of, and nobody would see what is mounted over it
		return nil, fmt.Errorf("%s.destination: / is the container's root itself", at)
	case len(m.UIDMappings)+len(m.GIDMappings) > 0:
		return nil, fmt.Errorf("%s.uidMappings: %s", at, noIDMap)
	case o.idmap != "":
		return nil, fmt.Errorf("%s: %s", o.idmap, noIDMap)
	case o.copyUp:
		return nil, fmt.Errorf("%s.options: tmpcopyup is for a tmpfs", at)
	}
	if err := c.superOnly(at, o, dest); err != nil {
		return nil, err
	}
	b := step.Bind{
		Dest: dest, Recursive: o.flags&unix.MS_REC != 0, Attr: attrOf(o.flags), AttrAll: o.rec, ClearAll: o.recClr,
		Propagation: o.propagation, Links: o.links, Remount: remount,
	}
	if !remount {
		b.Source = c.onHost(m.Source)
	}
	if b.Source == "/sys" && b.Attr&unix.MOUNT_ATTR_RDONLY != 0 {
		b.AttrAll |= b.Attr // a read-only /sys shall not leave the caller's cgroups writable (CVE-2023-25809)
	}
	if (b.Attr|b.AttrAll|b.ClearAll)&(unix.MOUNT_ATTR__ATIME|unix.MOUNT_ATTR_NODIRATIME) != 0 {
		b.NoTimes = c.late(Notice{
			Code: "URUN-MNT-002", Want: "access times on " + dest + " as in its options", Got: "as the host has mounted the file system",
			Why: "the kernel locks them for an ordinary user (mount_namespaces(7))",
		})
	}
	return b, nil
}

// superOnly tells of options that belong to a file system as a whole. Data of the kind key=value, which mount(2) ignores for a
// bind mount, comes in configs that give all mounts the same options; a word without a value may be a misspelled nosuid.
func (c *compiler) superOnly(at string, o options, dest string) error {
	for _, word := range o.data {
		if !strings.Contains(word, "=") {
			return fmt.Errorf("%s.options: %q means nothing for a bind mount", at, word)
		}
	}
	const why = "they belong to the whole file system, not to a bind mount of it"
	if o.flags&flagsOfSuper != 0 {
		c.note(Notice{
			Code: "URUN-MNT-001", Want: "sync, dirsync, mand, iversion or lazytime on " + dest, Got: "as the host has mounted the file system", Why: why,
		})
	}
	if len(o.data) > 0 {
		c.note(Notice{Code: "URUN-MNT-004", Want: strings.Join(o.data, ",") + " on " + dest, Got: "as the host has mounted the file system", Why: why})
	}
	return nil
}

// labelled adds the label of SELinux to the options of a file system that takes one, where none is given.
func (c *compiler) labelled(fstype string, data []string) []string {
	label := c.spec.Linux.MountLabel
	if label == "" || !c.host.SELinux || fstype == "proc" || fstype == "sysfs" || fstype == "mqueue" || strings.HasPrefix(fstype, "cgroup") {
		return data
	}
	for _, o := range data {
		if strings.HasPrefix(o, "context=") {
			return data
		}
	}
	return append(data, "context=\""+label+"\"") // a label may hold commas
}

// mountLabel says what becomes of linux.mountLabel where the kernel has no SELinux.
func (c *compiler) mountLabel() {
	if l := c.spec.Linux.MountLabel; l != "" && !c.host.SELinux {
		c.note(Notice{
			Code: "URUN-MNT-003", Want: "linux.mountLabel " + l, Got: "no label", Why: "this kernel does not run SELinux",
		})
	}
}
