package plan

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// options are the parsed options of one mount.
type options struct {
	flags       uint64 // MS_*
	propagation uint64
	rec, recClr uint64 // MOUNT_ATTR_* to set and to clear for the whole tree
	links       step.Links
	copyUp      bool
	idmap       string // where an id-mapped mount is asked for; empty: nowhere
	data        []string
}

func parseOptions(at string, list []string) (o options, err error) {
	for i, name := range list {
		known, ok := lookupOption(name)
		switch {
		case !ok:
			o.data = append(o.data, name)
		case known.idmap:
			o.idmap = fmt.Sprintf("%s.options[%d]: %s", at, i, name)
		case known.propagation != 0 && o.propagation != 0 && known.propagation != o.propagation:
			return o, fmt.Errorf("%s.options[%d]: %s: a second propagation", at, i, name)
		default:
			o.flags = o.flags&^known.clr | known.set
			o.rec = o.rec&^known.recClr | known.rec
			o.recClr = o.recClr&^known.rec | known.recClr
			o.propagation |= known.propagation
			o.links |= known.links
			o.copyUp = o.copyUp || known.copyUp
		}
	}
	return o, contradiction(at, list)
}

// opposites are the pairs of which a config means one: whether a mount can be written to is not left to the order of words. Of the
// other pairs, such as nosuid and suid, the last one counts, as for mount(8): engines put what their user wants behind what
// they always ask for.
var opposites = [...][2]string{{"ro", "rw"}, {"rro", "rrw"}}

// contradiction finds an option that excludes one before it.
func contradiction(at string, list []string) error {
	for _, pair := range opposites {
		if a, b := slices.Index(list, pair[0]), slices.Index(list, pair[1]); a >= 0 && b >= 0 {
			first, second := min(a, b), max(a, b)
			return fmt.Errorf("%s.options[%d]: %s contradicts %s", at, second, list[second], list[first])
		}
	}
	return nil
}

// mountOption is what one word of a mount's options means. Words that are not in the table are the file system's own.
type mountOption struct {
	name        string
	set, clr    uint64 // MS_* flags
	propagation uint64 // MS_*, with MS_REC for the whole tree
	rec         uint64 // MOUNT_ATTR_* for the whole tree
	recClr      uint64
	links       step.Links
	copyUp      bool
	idmap       bool
}

const msDefaults = 0

// mountOptions are the options of the spec's list (config.md, "Linux mount options"). A linear search through it
// is faster than a map that would have to be made at each start.
var mountOptions = []mountOption{
	{name: "acl"}, {name: "noacl"}, // the file system's own business on Linux; mount(2) takes no flag by VFS users
	{name: "async", clr: unix.MS_SYNCHRONOUS},
	{name: "atime", clr: unix.MS_NOATIME},
	{name: "bind", set: unix.MS_BIND},
	{name: "copy-symlink", links: step.CopySymlink}, // crun's, as are the other two that step.Links has
	{name: "defaults", set: msDefaults},
	{name: "dest-nofollow", links: step.DestNoFollow},
	{name: "dev", clr: unix.MS_NODEV},
	{name: "diratime", clr: unix.MS_NODIRATIME},
	{name: "dirsync", set: unix.MS_DIRSYNC},
	{name: "exec", clr: unix.MS_NOEXEC},
	{name: "idmap", idmap: true},
	{name: "iversion", set: unix.MS_I_VERSION},
	{name: "lazytime", set: unix.MS_LAZYTIME},
	{name: "loud", clr: unix.MS_SILENT},
	{name: "mand", set: unix.MS_MANDLOCK},
	{name: "noatime", set: unix.MS_NOATIME},
	{name: "nodev", set: unix.MS_NODEV},
	{name: "nodiratime", set: unix.MS_NODIRATIME},
	{name: "noexec", set: unix.MS_NOEXEC},
	{name: "noiversion", clr: unix.MS_I_VERSION},
	{name: "nolazytime", clr: unix.MS_LAZYTIME},
	{name: "nomand", clr: unix.MS_MANDLOCK},
	{name: "norelatime", clr: unix.MS_RELATIME},
	{name: "nostrictatime", clr: unix.MS_STRICTATIME},
	{name: "nosuid", set: unix.MS_NOSUID},
	{name: "nosymfollow", set: msNosymfollow},
	{name: "private", propagation: unix.MS_PRIVATE},
	{name: "ratime", recClr: unix.MOUNT_ATTR__ATIME},
	{name: "rbind", set: unix.MS_BIND | unix.MS_REC},
	{name: "rdev", recClr: unix.MOUNT_ATTR_NODEV},
	{name: "rdiratime", recClr: unix.MOUNT_ATTR_NODIRATIME},
	{name: "relatime", set: unix.MS_RELATIME},
	{name: "remount", set: unix.MS_REMOUNT},
	{name: "rexec", recClr: unix.MOUNT_ATTR_NOEXEC},
	{name: "ridmap", idmap: true},
	{name: "rnoatime", rec: unix.MOUNT_ATTR_NOATIME},
	{name: "rnodev", rec: unix.MOUNT_ATTR_NODEV},
	{name: "rnodiratime", rec: unix.MOUNT_ATTR_NODIRATIME},
	{name: "rnoexec", rec: unix.MOUNT_ATTR_NOEXEC},
	{name: "rnorelatime", recClr: unix.MOUNT_ATTR__ATIME}, // no flag of the kernel: what is left is its default, relatime
	{name: "rnostrictatime", recClr: unix.MOUNT_ATTR__ATIME},
	{name: "rnosuid", rec: unix.MOUNT_ATTR_NOSUID},
	{name: "rnosymfollow", rec: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "ro", set: unix.MS_RDONLY},
	{name: "rprivate", propagation: unix.MS_PRIVATE | unix.MS_REC},
	{name: "rrelatime", recClr: unix.MOUNT_ATTR__ATIME},
	{name: "rro", rec: unix.MOUNT_ATTR_RDONLY},
	{name: "rrw", recClr: unix.MOUNT_ATTR_RDONLY},
	{name: "rshared", propagation: unix.MS_SHARED | unix.MS_REC},
	{name: "rslave", propagation: unix.MS_SLAVE | unix.MS_REC},
	{name: "rstrictatime", rec: unix.MOUNT_ATTR_STRICTATIME},
	{name: "rsuid", recClr: unix.MOUNT_ATTR_NOSUID},
	{name: "rsymfollow", recClr: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "runbindable", propagation: unix.MS_UNBINDABLE | unix.MS_REC},
	{name: "rw", clr: unix.MS_RDONLY},
	{name: "shared", propagation: unix.MS_SHARED},
	{name: "silent", set: unix.MS_SILENT},
	{name: "slave", propagation: unix.MS_SLAVE},
	{name: "src-nofollow", links: step.SourceNoFollow},
	{name: "strictatime", set: unix.MS_STRICTATIME},
	{name: "suid", clr: unix.MS_NOSUID},
	{name: "symfollow", clr: msNosymfollow},
	{name: "sync", set: unix.MS_SYNCHRONOUS},
	{name: "tmpcopyup", copyUp: true},
	{name: "unbindable", propagation: unix.MS_UNBINDABLE},
}

// msNosymfollow is MS_NOSYMFOLLOW of linux/mount.h (since 5.10).
const msNosymfollow = 1 << 8

// MountOptions lists the mount options that urun does, for the features document. Those of id-mapped mounts are not among
// them: who asks for them means file systems of the host.
func MountOptions() []string {
	var list []string
	for _, o := range mountOptions {
		if !o.idmap {
			list = append(list, o.name)
		}
	}
	return list
}

func lookupOption(name string) (mountOption, bool) {
	for _, o := range mountOptions {
		if o.name == name {
			return o, true
		}
	}
	return mountOption{}, false
}

// attrOf turns MS_* flags into the MOUNT_ATTR_* of mount_setattr(2).
func attrOf(flags uint64) (attr uint64) {
	for _, f := range []struct{ ms, attr uint64 }{
		{unix.MS_RDONLY, unix.MOUNT_ATTR_RDONLY}, {unix.MS_NOSUID, unix.MOUNT_ATTR_NOSUID},
		{unix.MS_NODEV, unix.MOUNT_ATTR_NODEV}, {unix.MS_NOEXEC, unix.MOUNT_ATTR_NOEXEC},
		{unix.MS_NOATIME, unix.MOUNT_ATTR_NOATIME}, {unix.MS_STRICTATIME, unix.MOUNT_ATTR_STRICTATIME},
		{unix.MS_NODIRATIME, unix.MOUNT_ATTR_NODIRATIME}, {msNosymfollow, unix.MOUNT_ATTR_NOSYMFOLLOW},
	} {
		if flags&f.ms != 0 {
			attr |= f.attr
		}
	}
	return attr
}
