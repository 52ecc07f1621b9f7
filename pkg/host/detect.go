package host

import (
	"bytes"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sys"
	"github.com/urun/urun/pkg/userns"
)

// Detect fills in a plan.Host for this process. It fails only without a readable /proc, without which no id map can
// be written. SubIDs adds what only new maps of ids need.
func Detect() (plan.Host, error) {
	h := plan.Host{UID: uint32(unix.Geteuid()), GID: uint32(unix.Getegid())}
	uidMap, err := read("/proc/self/uid_map")
	if err != nil {
		return h, noProc(err)
	}
	h.Nested = !initial(uidMap)
	if h.Nested {
		own(&h, uidMap)
	}
	h.Groups = groups()
	h.SetIDs, h.SysAdmin = privileges()
	h.LastCap = lastCap()
	h.CgroupV2 = cgroup2("/sys/fs/cgroup")
	for fd := range h.PipeStdio {
		h.PipeStdio[fd] = pipe(fd)
	}
	h.Rows, h.Cols = window()
	h.Ignored = sys.IgnoredSignals()
	return h, nil
}

// SubIDs fills in which ids the caller owns and what newuidmap would allow. Sub-id files that cannot be read are a trouble with
// the helpers, not an error: one id still works.
//
// Precondition: Detect has filled in the rest.
func SubIDs(h *plan.Host) {
	h.HelperTrouble = userns.FindHelpers().Why
	owned, err := userns.Owned(h.UID)
	if err != nil && h.HelperTrouble == "" {
		h.HelperTrouble = "the caller's ranges are unknown: " + err.Error()
	}
	h.SubUIDs, h.SubGIDs, h.SubIDSource = owned.UIDs, owned.GIDs, owned.Source
	if h.Nested && h.SetIDs {
		ownAll(h)
	}
}

// initial tells whether a uid_map is that of the initial user namespace. A nested one may map every id too, but only
// where somebody with all of them wrote exactly this line: it then behaves the same.
func initial(uidMap []byte) bool {
	f := bytes.Fields(uidMap)
	return len(f) == 3 && string(f[0]) == "0" && string(f[1]) == "0" && string(f[2]) == "4294967295"
}

// groups are the caller's supplementary groups.
func groups() []uint32 {
	ids, err := unix.Getgroups()
	if err != nil || len(ids) == 0 {
		return nil
	}
	out := make([]uint32, len(ids))
	for i, id := range ids {
		out[i] = uint32(id)
	}
	return out
}

// privileges asks for the effective capabilities: setIDs is CAP_SETUID with CAP_SETGID, admin is CAP_SYS_ADMIN.
func privileges() (setIDs, admin bool) {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&hdr, &data[0]) != nil {
		return false, false
	}
	has := func(c uint) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	return has(unix.CAP_SETUID) && has(unix.CAP_SETGID), has(unix.CAP_SYS_ADMIN)
}

// cgroup2 tells whether a directory is on a cgroup2 file system.
func cgroup2(dir string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(dir, &fs) == nil && int64(fs.Type) == unix.CGROUP2_SUPER_MAGIC
}
