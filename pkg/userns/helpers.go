package userns

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Helpers are the absolute paths of newuidmap and newgidmap. Why says why they cannot be used; it is empty when they
// can.
type Helpers struct {
	UID, GID string
	Why      string
}

// FindHelpers looks newuidmap and newgidmap up in PATH, then in /usr/bin and /usr/sbin, and checks what would keep
// them from gaining their privilege. A few system calls; nothing is started.
func FindHelpers() Helpers {
	dirs := append(strings.Split(os.Getenv("PATH"), ":"), "/usr/bin", "/usr/sbin")
	uid := look("newuidmap", dirs)
	gid := look("newgidmap", append([]string{filepath.Dir(uid.path)}, dirs...)) // they come together
	nnp, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	p := privilege{
		noNewPrivs: nnp == 1,
		setuid:     bounded(unix.CAP_SETUID),
		setgid:     bounded(unix.CAP_SETGID),
	}
	return Helpers{UID: uid.path, GID: gid.path, Why: trouble(uid, gid, p)}
}

// helper is what the file of one helper looks like.
type helper struct {
	name, path string // path is empty when it is not installed
	setuid     bool   // setuid, and owned by root as seen from here
	caps       bool   // has file capabilities (capabilities(7))
	nosuid     bool   // lies on a mount that ignores both
}

// privilege is what this process may hand to a program that it executes.
type privilege struct {
	noNewPrivs     bool
	setuid, setgid bool // CAP_SETUID and CAP_SETGID are in the bounding set
}

// trouble says why the helpers cannot be used, "" when they can.
func trouble(uid, gid helper, p privilege) string {
	for _, h := range [2]helper{uid, gid} {
		switch {
		case h.path == "":
			return h.name + " is not installed"
		case h.nosuid:
			return h.path + " is on a mount with nosuid"
		case !h.setuid && !h.caps:
			return h.path + " is neither setuid root nor has file capabilities"
		}
	}
	switch {
	case p.noNewPrivs:
		return "no_new_privs is set, so newuidmap cannot gain its privilege"
	case !p.setuid:
		return "CAP_SETUID is not in the bounding set, so newuidmap cannot gain its privilege"
	case !p.setgid:
		return "CAP_SETGID is not in the bounding set, so newgidmap cannot gain its privilege"
	}
	return ""
}

// look finds one helper in the directories, in their order; relative ones do not count.
func look(name string, dirs []string) helper {
	for _, d := range dirs {
		path := d + "/" + name
		var st unix.Stat_t
		if !strings.HasPrefix(d, "/") || unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG ||
			unix.Access(path, unix.X_OK) != nil {
			continue
		}
		h := helper{name: name, path: path, setuid: st.Mode&unix.S_ISUID != 0 && st.Uid == 0}
		if !h.setuid {
			n, err := unix.Getxattr(path, "security.capability", nil)
			h.caps = err == nil && n > 0
		}
		var fs unix.Statfs_t
		h.nosuid = unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_NOSUID != 0
		return h
	}
	return helper{name: name}
}

// bounded tells whether a capability is in the bounding set: without it neither setuid nor file capabilities give it.
func bounded(capability uintptr) bool {
	n, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0)
	return err != nil || n == 1
}
