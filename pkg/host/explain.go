package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/userns"
)

// Clone is what Explain is told when the creation of the namespaces itself failed.
const Clone = "create the namespaces"

// Cause is why a host said no, and what mends it. Both are empty when nothing is known. Fix may have several lines,
// commands ready to be run.
type Cause struct {
	Why, Fix string
}

// Explain looks at the host, as it is now, for the cause of an error: of creating a user namespace (doing is Clone),
// of newuidmap and newgidmap (a *userns.HelperError), of a map that is not the caller's (a *idmap.NotOwnedError) or of
// a later step inside the new namespace (doing names it).
func Explain(doing string, err error) Cause {
	var helper *userns.HelperError
	var owned *idmap.NotOwnedError
	switch {
	case errors.As(err, &helper):
		return explainHelper(look(), userns.FindHelpers().Why, helper.Stderr)
	case errors.As(err, &owned):
		return explainOwned(userns.Owned(uint32(unix.Getuid())))
	}
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return Cause{}
	}
	return explainErrno(look(), doing == Clone, errno)
}

// facts are what explains a refusal: a value, so that every machine can be written down in a test.
type facts struct {
	zero       []string // names of the limits user.max_*_namespaces that are 0
	maxUser    string   // user.max_user_namespaces, as read
	clone      string   // kernel.unprivileged_userns_clone (Debian's patch), "" where there is no such file
	apparmor   string   // kernel.apparmor_restrict_unprivileged_userns (Ubuntu's), "" where there is none
	userNS     bool     // the kernel knows user namespaces
	seccomp    bool     // a seccomp filter was put on this process from outside
	chroot     bool     // certainly in a chroot(2); false may mean unknown
	privileged bool     // CAP_SYS_ADMIN in the initial user namespace
	nested     bool     // not in the initial user namespace
	exe        string   // path of this program
	distro     []string // ID and ID_LIKE of os-release(5)
}

// look gathers the facts.
func look() facts {
	_, admin := privileges()
	uidMap, _ := read("/proc/self/uid_map") // unreadable counts as nested
	exe, _ := os.Executable()
	f := facts{
		maxUser:  word("/proc/sys/user/max_user_namespaces"),
		clone:    word("/proc/sys/kernel/unprivileged_userns_clone"),
		apparmor: word("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		userNS:   unix.Access("/proc/self/ns/user", unix.F_OK) == nil,
		seccomp:  filtered(),
		chroot:   chrooted(),
		nested:   !initial(uidMap),
		exe:      exe,
		distro:   distro(),
	}
	f.privileged = admin && !f.nested
	for _, kind := range [...]string{"user", "mnt", "pid", "ipc", "uts", "net", "cgroup", "time"} {
		if word("/proc/sys/user/max_"+kind+"_namespaces") == "0" {
			f.zero = append(f.zero, "user.max_"+kind+"_namespaces")
		}
	}
	return f
}
