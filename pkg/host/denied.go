package host

import (
	"strings"

	"golang.org/x/sys/unix"
)

// explainErrno finds the cause of an errno: of creating the namespaces, or of a step after that.
func explainErrno(f facts, cloning bool, errno unix.Errno) Cause {
	switch errno {
	case unix.ENOSPC:
		if cloning {
			return explainLimit(f)
		}
	case unix.EAGAIN:
		if cloning { // clone(2)
			return Cause{
				Why: "there are as many processes as this user or cgroup may have",
				Fix: "end some, or raise the limit: ulimit -u, or pids.max of a cgroup above (TasksMax= of a systemd unit)",
			}
		}
	case unix.EUSERS:
		return Cause{Why: "user namespaces are nested 32 deep already"}
	case unix.ENOSYS, unix.EINVAL:
		if cloning {
			return explainMissing(f, errno)
		}
		if errno == unix.ENOSYS {
			return explainHidden(f)
		}
	case unix.EPERM, unix.EACCES:
		if cloning {
			return explainDenied(f, errno)
		}
		return explainPowerless(f)
	}
	return Cause{}
}

// explainLimit is about ENOSPC of clone(2): a limit on the number of namespaces (namespaces(7), /proc/sys/user).
func explainLimit(f facts) Cause {
	if len(f.zero) > 0 {
		return Cause{
			Why: strings.Join(f.zero, " and ") + " is 0: this host allows no user namespaces",
			Fix: "sudo sysctl -w " + strings.Join(f.zero, "=15000 ") + "=15000",
		}
	}
	if f.maxUser == "" {
		return Cause{}
	}
	return Cause{
		Why: "a limit on namespaces is reached, here or in an outer namespace; user.max_user_namespaces is " + f.maxUser,
		Fix: "end what holds namespaces (lsns -t user), or: sudo sysctl -w user.max_user_namespaces=" + more(f.maxUser),
	}
}

// explainMissing is about a clone3(2) that is not there, or not for user namespaces.
func explainMissing(f facts, errno unix.Errno) Cause {
	switch {
	case !f.userNS:
		return Cause{Why: "this kernel has no user namespaces (CONFIG_USER_NS), or /proc is not mounted"}
	case errno == unix.ENOSYS && f.seccomp:
		return Cause{
			Why: "a seccomp filter around this process hides clone3, as the default of container engines does",
			Fix: openSeccomp,
		}
	case errno == unix.ENOSYS:
		return Cause{Why: "this kernel has no clone3", Fix: "Linux 5.3 or newer is needed"}
	}
	return Cause{}
}

// explainHidden is about a system call of a later step that is not there.
func explainHidden(f facts) Cause {
	if f.seccomp {
		return Cause{Why: "a seccomp filter around this process hides the call, or this kernel does not have it", Fix: openSeccomp}
	}
	return Cause{Why: "this kernel does not have the call", Fix: "Linux 5.12 or newer is needed"}
}

const openSeccomp = "start the outer container with a filter that allows it, e.g. --security-opt seccomp=unconfined (podman, docker) or urun spec --no-seccomp"

// explainDenied is about EPERM and EACCES of clone(2), the surest cause first.
func explainDenied(f facts, errno unix.Errno) Cause {
	switch {
	case f.clone == "0" && !f.privileged:
		return Cause{
			Why: "kernel.unprivileged_userns_clone is 0: only root may create user namespaces here",
			Fix: "sudo sysctl -w kernel.unprivileged_userns_clone=1",
		}
	case f.chroot:
		return Cause{
			Why: "this process is in a chroot, where the kernel allows no user namespace",
			Fix: "run urun outside of it, or enter the directory with pivot_root instead, as bwrap and systemd-nspawn do",
		}
	case errno == unix.EACCES && restricted(f):
		return appArmor(f)
	case f.seccomp:
		return Cause{
			Why: "a seccomp filter around this process refuses user namespaces, as the default of container engines does",
			Fix: openSeccomp,
		}
	case restricted(f):
		return appArmor(f)
	}
	return Cause{}
}

// explainPowerless is about EPERM and EACCES of a step after the namespace was created: it is there, but its root may
// do nothing.
func explainPowerless(f facts) Cause {
	switch {
	case restricted(f):
		return appArmor(f)
	case f.seccomp:
		return Cause{Why: "a seccomp filter around this process may refuse it, as the default of container engines does", Fix: openSeccomp}
	}
	return Cause{}
}
