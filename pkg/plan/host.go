package plan

import (
	"github.com/urun/urun/pkg/idmap"
)

// Host is what one machine, as one caller meets it, allows: the second input of Compile. Package host fills it
// in; tests write it down. It holds facts only, never a decision.
type Host struct {
	UID    uint32 // effective user id of the caller
	GID    uint32 // effective group id of the caller
	Groups []uint32

	// SubUIDs and SubGIDs are the ranges that the caller owns, in the order in which they are listed;
	// SubIDSource names where they were read.
	SubUIDs     []idmap.Range
	SubGIDs     []idmap.Range
	SubIDSource string

	// HelperTrouble says why newuidmap and newgidmap cannot be used; empty when they can.
	HelperTrouble string

	// SetIDs: the caller holds CAP_SETUID and CAP_SETGID in its own user namespace (it is root there) and so
	// may write any id map of ids it sees, without a helper.
	SetIDs bool

	// Nested: the caller is not in the initial user namespace.
	Nested bool

	// SysAdmin: the caller holds CAP_SYS_ADMIN in its own user namespace. Nested together with SysAdmin is an
	// engine's private user namespace (podman's, buildah's): a config without a user namespace means it.
	SysAdmin bool

	// LastCap is the number of the newest capability of this kernel (/proc/sys/kernel/cap_last_cap).
	LastCap int

	// CgroupV2 says that /sys/fs/cgroup is a cgroup2 file system.
	CgroupV2 bool

	// Cgroups are the ways to a cgroup of version 2.
	Cgroups Cgroups

	// NoMonitor says why there is no urun-monitor to watch a container; empty: there is one. It is looked for only when a
	// config limits memory or asks for a network.
	NoMonitor string

	// Network is what there is for networks; nil: it was not looked for, because nothing asks.
	Network *NetworkFacts

	// PipeStdio says for each of stdin, stdout and stderr whether it is a pipe: one may be handed to the
	// container's user without changing who owns a file or a terminal of the caller.
	PipeStdio [3]bool

	// Ignored are the signals that this process ignores because its caller did.
	Ignored []int

	// AppArmor and SELinux say that the kernel applies them. They are looked for only when a config asks.
	AppArmor, SELinux bool

	// UIDs and GIDs are the extents of the caller's own user namespace, when it is Nested; nil: not known.
	UIDs, GIDs idmap.Map

	// HardLimits are the caller's own hard limits by number of the resource (getrlimit(2)), as far as they are known.
	HardLimits []uint64

	// Getsize of the caller's terminal in rows and columns; 0 where there is none.
	Rows, Cols uint16
}
