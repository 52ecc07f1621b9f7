package program

import (
	"strings"

	"golang.org/x/sys/unix"
)

// signature says how a system call is printed. args has a letter for each argument: d number, s string, x
// hexadecimal, m mode, o open flags, H open_how, A mount_attr, M mount flags, N namespace flags, T tree flags,
// L list of strings.
type signature struct {
	nr     uintptr
	name   string
	args   string
	result bool
}

var signatures = [...]signature{
	{unix.SYS_OPENAT, "openat", "dsom", true},
	{unix.SYS_OPENAT2, "openat2", "dsHd", true},
	{unix.SYS_CLOSE, "close", "d", false},
	{unix.SYS_CLOSE_RANGE, "close_range", "ddx", false},
	{unix.SYS_READ, "read", "ddd", true},
	{unix.SYS_WRITE, "write", "dsd", false},
	{unix.SYS_MKDIRAT, "mkdirat", "dsm", false},
	{unix.SYS_SYMLINKAT, "symlinkat", "sds", false},
	{unix.SYS_FACCESSAT, "faccessat", "dsd", false},
	{unix.SYS_FCHDIR, "fchdir", "d", false},
	{unix.SYS_FCHMOD, "fchmod", "dm", false},
	{unix.SYS_FCHOWN, "fchown", "ddd", false},
	{unix.SYS_FSTATFS, "fstatfs", "dd", false},
	{unix.SYS_CHDIR, "chdir", "s", false},
	{unix.SYS_CHROOT, "chroot", "s", false},
	{unix.SYS_UMASK, "umask", "m", false},
	{unix.SYS_OPEN_TREE, "open_tree", "dsT", true},
	{unix.SYS_MOVE_MOUNT, "move_mount", "dsdsx", false},
	{unix.SYS_MOUNT_SETATTR, "mount_setattr", "dsTAd", false},
	{unix.SYS_FSOPEN, "fsopen", "sx", true},
	{unix.SYS_FSCONFIG, "fsconfig", "ddssd", false},
	{unix.SYS_FSMOUNT, "fsmount", "dxx", true},
	{unix.SYS_MOUNT, "mount", "sssMs", false},
	{unix.SYS_UMOUNT2, "umount2", "sx", false},
	{unix.SYS_PIVOT_ROOT, "pivot_root", "ss", false},
	{unix.SYS_SETNS, "setns", "dN", false},
	{unix.SYS_UNSHARE, "unshare", "N", false},
	{unix.SYS_CLONE, "clone", "Nd", true},
	{unix.SYS_CLONE3, "clone3", "dd", true},
	{unix.SYS_EXIT_GROUP, "exit_group", "d", false},
	{unix.SYS_SETHOSTNAME, "sethostname", "sd", false},
	{unix.SYS_SETDOMAINNAME, "setdomainname", "sd", false},
	{unix.SYS_SOCKET, "socket", "ddd", true},
	{unix.SYS_ACCEPT4, "accept4", "dddx", true},
	{unix.SYS_SENDMSG, "sendmsg", "ddx", false},
	{unix.SYS_IOCTL, "ioctl", "dxd", true},
	{unix.SYS_DUP3, "dup3", "ddx", false},
	{unix.SYS_KEYCTL, "keyctl", "ds", false},
	{unix.SYS_SETSID, "setsid", "", false},
	{unix.SYS_PRLIMIT64, "prlimit64", "dddd", false},
	{unix.SYS_SCHED_SETATTR, "sched_setattr", "ddx", false},
	{unix.SYS_SCHED_SETAFFINITY, "sched_setaffinity", "ddd", false},
	{unix.SYS_IOPRIO_SET, "ioprio_set", "ddx", false},
	{unix.SYS_SET_MEMPOLICY, "set_mempolicy", "xdd", false},
	{unix.SYS_PERSONALITY, "personality", "x", false},
	{unix.SYS_SETGROUPS, "setgroups", "dd", false},
	{unix.SYS_SETRESGID, "setresgid", "ddd", false},
	{unix.SYS_SETRESUID, "setresuid", "ddd", false},
	{unix.SYS_CAPSET, "capset", "dd", false},
	{unix.SYS_MADVISE, "madvise", "xdd", false},
	{unix.SYS_PRCTL, "prctl", "dddd", false},
	{unix.SYS_SECCOMP, "seccomp", "dxd", true},
	{unix.SYS_RT_SIGACTION, "rt_sigaction", "dddd", false},
	{unix.SYS_RT_SIGPROCMASK, "rt_sigprocmask", "dddd", false},
	{unix.SYS_EXECVE, "execve", "sLL", false},
	{unix.SYS_EXECVEAT, "execveat", "dsLLT", false},
	{unix.SYS_WAIT4, "wait4", "dddd", false},
	{unix.SYS_EVENTFD2, "eventfd2", "dx", true},
	{unix.SYS_READLINKAT, "readlinkat", "dsdd", false},
	{unix.SYS_STATX, "statx", "dsTxd", false},
	{unix.SYS_MEMFD_CREATE, "memfd_create", "sx", true},
	{unix.SYS_PREAD64, "pread64", "dddd", false},
}

func signatureOf(nr uintptr) signature {
	for _, s := range signatures {
		if s.nr == nr {
			return s
		}
	}
	return signature{nr, "syscall", "dddddd", true}
}

// flag is one bit (or value) of a flag word and its name.
type flag struct {
	bit  uint64
	name string
}

// bits prints v as names joined by |, with what has no name in hexadecimal.
func bits(v uint64, names []flag) string {
	var list []string
	for _, f := range names {
		if f.bit != 0 && v&f.bit == f.bit {
			list = append(list, f.name)
			v &^= f.bit
		}
	}
	if v != 0 || len(list) == 0 {
		list = append(list, scalar(v, 'x'))
	}
	return strings.Join(list, "|")
}

var openFlags = []flag{
	{unix.O_PATH, "O_PATH"}, {unix.O_DIRECTORY, "O_DIRECTORY"}, {unix.O_NOFOLLOW, "O_NOFOLLOW"}, {unix.O_NONBLOCK, "O_NONBLOCK"},
	{unix.O_RDWR, "O_RDWR"}, {unix.O_WRONLY, "O_WRONLY"}, {unix.O_CREAT, "O_CREAT"}, {unix.O_EXCL, "O_EXCL"},
	{unix.O_NOCTTY, "O_NOCTTY"}, {unix.O_CLOEXEC, "O_CLOEXEC"},
}

var resolveFlags = []flag{
	{unix.RESOLVE_IN_ROOT, "IN_ROOT"}, {unix.RESOLVE_BENEATH, "BENEATH"}, {unix.RESOLVE_NO_SYMLINKS, "NO_SYMLINKS"},
	{unix.RESOLVE_NO_MAGICLINKS, "NO_MAGICLINKS"}, {unix.RESOLVE_NO_XDEV, "NO_XDEV"},
}

var mountAttrs = []flag{
	{unix.MOUNT_ATTR_RDONLY, "RDONLY"}, {unix.MOUNT_ATTR_NOSUID, "NOSUID"}, {unix.MOUNT_ATTR_NODEV, "NODEV"},
	{unix.MOUNT_ATTR_NOEXEC, "NOEXEC"}, {unix.MOUNT_ATTR__ATIME, "_ATIME"}, {unix.MOUNT_ATTR_NOATIME, "NOATIME"},
	{unix.MOUNT_ATTR_STRICTATIME, "STRICTATIME"}, {unix.MOUNT_ATTR_NODIRATIME, "NODIRATIME"},
	{unix.MOUNT_ATTR_NOSYMFOLLOW, "NOSYMFOLLOW"},
	{unix.MOUNT_ATTR_IDMAP, "MOUNT_ATTR_IDMAP"},
}

var mountFlags = []flag{
	{unix.MS_RDONLY, "MS_RDONLY"}, {unix.MS_NOSUID, "MS_NOSUID"}, {unix.MS_NODEV, "MS_NODEV"}, {unix.MS_NOEXEC, "MS_NOEXEC"},
	{unix.MS_SYNCHRONOUS, "MS_SYNCHRONOUS"}, {unix.MS_REMOUNT, "MS_REMOUNT"}, {unix.MS_MANDLOCK, "MS_MANDLOCK"},
	{unix.MS_DIRSYNC, "MS_DIRSYNC"}, {unix.MS_NOSYMFOLLOW, "MS_NOSYMFOLLOW"}, {unix.MS_NOATIME, "MS_NOATIME"}, {unix.MS_NODIRATIME, "MS_NODIRATIME"},
	{unix.MS_BIND, "MS_BIND"}, {unix.MS_MOVE, "MS_MOVE"}, {unix.MS_REC, "MS_REC"}, {unix.MS_SILENT, "MS_SILENT"},
	{unix.MS_UNBINDABLE, "MS_UNBINDABLE"}, {unix.MS_PRIVATE, "MS_PRIVATE"}, {unix.MS_SLAVE, "MS_SLAVE"},
	{unix.MS_SHARED, "MS_SHARED"}, {unix.MS_RELATIME, "MS_RELATIME"}, {unix.MS_I_VERSION, "MS_I_VERSION"},
	{unix.MS_STRICTATIME, "MS_STRICTATIME"}, {unix.MS_LAZYTIME, "MS_LAZYTIME"},
}

var cloneFlags = []flag{
	{unix.CLONE_NEWUSER, "NEWUSER"}, {unix.CLONE_NEWNS, "NEWNS"}, {unix.CLONE_NEWPID, "NEWPID"}, {unix.CLONE_NEWNET, "NEWNET"},
	{unix.CLONE_NEWIPC, "NEWIPC"}, {unix.CLONE_NEWUTS, "NEWUTS"}, {unix.CLONE_NEWCGROUP, "NEWCGROUP"},
	{unix.CLONE_NEWTIME, "NEWTIME"}, {unix.CLONE_PARENT, "CLONE_PARENT"}, {unix.CLONE_PIDFD, "CLONE_PIDFD"},
}

var treeFlags = []flag{
	{unix.OPEN_TREE_CLOEXEC, "CLOEXEC"}, {unix.AT_EMPTY_PATH, "EMPTY_PATH"}, {unix.AT_RECURSIVE, "RECURSIVE"},
	{unix.OPEN_TREE_CLONE, "CLONE"},
}

// Namespaces prints CLONE_NEW* flags for people, in the words of the OCI spec: "user,mount,pid".
func Namespaces(flags uint64) string {
	var list []string
	for _, f := range namespaceNames {
		if flags&f.bit != 0 {
			list = append(list, f.name)
		}
	}
	return strings.Join(list, ",")
}

var namespaceNames = []flag{
	{unix.CLONE_NEWUSER, "user"}, {unix.CLONE_NEWNS, "mount"}, {unix.CLONE_NEWPID, "pid"}, {unix.CLONE_NEWNET, "network"},
	{unix.CLONE_NEWIPC, "ipc"}, {unix.CLONE_NEWUTS, "uts"}, {unix.CLONE_NEWCGROUP, "cgroup"}, {unix.CLONE_NEWTIME, "time"},
}

// Flags prints MS_* flags for people: "MS_REC|MS_SLAVE".
func Flags(flags uint64) string { return bits(flags, mountFlags) }

// Attrs prints MOUNT_ATTR_* flags for people, without the prefix.
func Attrs(attr uint64) string { return bits(attr, mountAttrs) }
