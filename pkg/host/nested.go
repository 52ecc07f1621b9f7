package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/plan"
)

// own notes down the extents of the user namespace that the caller is in. What cannot be read stays unknown.
func own(h *plan.Host, uidMap []byte) {
	uids, err := idmap.Parse(uidMap)
	if err != nil {
		return
	}
	gidMap, err := read("/proc/self/gid_map")
	if err != nil {
		return
	}
	gids, err := idmap.Parse(gidMap)
	if err == nil {
		h.UIDs, h.GIDs = uids, gids
	}
}

// ownAll is about root of a user namespace: it may map whatever is mapped there, and sub-ids that are listed for the host's
// users mean nothing here unless they are there.
func ownAll(h *plan.Host) {
	uids, gids := held(h.SubUIDs, h.UIDs), held(h.SubGIDs, h.GIDs)
	if len(uids) > 0 && len(gids) > 0 {
		h.SubUIDs, h.SubGIDs = uids, gids
		return
	}
	h.SubUIDs, h.SubGIDs = besides(h.UID, h.UIDs), besides(h.GID, h.GIDs)
	h.SubIDSource = plan.NamespaceIDs
}

// held are the ranges that lie within one extent of own.
func held(ranges []idmap.Range, own idmap.Map) (list []idmap.Range) {
	for _, r := range ranges {
		for _, e := range own {
			if r.Start >= e.ContainerID && uint64(r.Start)+uint64(r.Count) <= uint64(e.ContainerID)+uint64(e.Size) {
				list = append(list, r)
				break
			}
		}
	}
	return list
}

// besides are all ids of own but id.
func besides(id uint32, own idmap.Map) (list []idmap.Range) {
	add := func(from, to uint64) {
		if from < to {
			list = append(list, idmap.Range{Start: uint32(from), Count: uint32(to - from)})
		}
	}
	for _, e := range own {
		from, to := uint64(e.ContainerID), uint64(e.ContainerID)+uint64(e.Size)
		if at := uint64(id); from <= at && at < to {
			add(from, at)
			from = at + 1
		}
		add(from, to)
	}
	return list
}

// noProc words the failure to read the first file of /proc.
func noProc(err error) error {
	var fs unix.Statfs_t
	if errors.Is(err, unix.ENOENT) && (unix.Statfs("/proc", &fs) != nil || fs.Type != unix.PROC_SUPER_MAGIC) {
		return errors.New("/proc is missing here: no proc file system is mounted on it, and without one no id map can be written")
	}
	return fmt.Errorf("read /proc/self/uid_map: %w", err)
}

// Modules fills in which security modules the kernel applies. It is asked for only when a config needs one of them.
func Modules(h *plan.Host) {
	h.AppArmor = word("/sys/module/apparmor/parameters/enabled") == "Y"
	var fs unix.Statfs_t
	h.SELinux = unix.Statfs("/sys/fs/selinux", &fs) == nil && int64(fs.Type) == unix.SELINUX_MAGIC
}

// Limits fills in the caller's hard limits. It is asked for only when a config sets limits.
func Limits(h *plan.Host) {
	h.HardLimits = make([]uint64, 16) // RLIM_NLIMITS of asm-generic/resource.h
	for i := range h.HardLimits {
		var l unix.Rlimit
		h.HardLimits[i] = unix.RLIM_INFINITY
		if unix.Getrlimit(i, &l) == nil {
			h.HardLimits[i] = l.Max
		}
	}
}
