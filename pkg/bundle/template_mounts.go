package bundle

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urun/urun/pkg/idmap"
)

// ttyGroup is the group of terminals in every distribution.
const ttyGroup = 5

// mounts returns mounts that succeed without privilege, given the namespaces of the same options: each kind of
// file system belongs to one namespace, and only who owns that one may mount it.
func mounts(gid idmap.Map, o TemplateOptions) []specs.Mount {
	pts := []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}
	if _, ok := gid.ToHost(ttyGroup); ok { // the kernel answers EINVAL to a group that is not mapped
		pts = append(pts, "gid=5")
	}
	all := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc"},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs",
			Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: pts},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm",
			Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		sys(o),
	}
	if o.CgroupMount {
		all = append(all, specs.Mount{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup",
			Options: []string{"nosuid", "noexec", "nodev", "relatime", "ro"}})
	}
	return all
}

// sys shows the devices of the network namespace, so a new sysfs takes a network namespace of one's own. With the
// host's there is the host's /sys, read-only.
func sys(o TemplateOptions) specs.Mount {
	if o.NetworkNS {
		return specs.Mount{Destination: "/sys", Type: "sysfs", Source: "sysfs",
			Options: []string{"nosuid", "noexec", "nodev", "ro"}}
	}
	return specs.Mount{Destination: "/sys", Type: "none", Source: "/sys",
		Options: []string{"rbind", "nosuid", "noexec", "nodev", "ro"}}
}
