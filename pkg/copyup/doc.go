// Package copyup copies a directory of a container into the tmpfs that is mounted over it (tmpcopyup). A flat list of system
// calls cannot walk a tree, so the child forks, and the new process executes urun once more, in the container's user
// namespace: only there may owners be given that are the container's.
//
// The process has no way to the host: its working directory is a detached mount of the directory, its root a detached mount
// of the tmpfs, its mount namespace holds the container's tree alone, and every descriptor but the standard ones is closed.
// Nothing in here follows a symlink.
package copyup

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// Name is the argv[0] by which urun knows that it shall copy.
const Name = "urun-tmpcopyup"

// Words that may follow: what of the tmpfs's own root is left as it was mounted.
const (
	KeepMode  = "keep-mode"
	KeepOwner = "keep-owner"
)

// Asked says whether a program with these arguments shall copy.
func Asked(args []string) bool { return len(args) > 0 && args[0] == Name }

// Main copies what is in the working directory to the root and returns the exit code. The errno of a failure goes to
// the eventfd(2) that is its stdin, the path to stderr.
func Main(args []string) int {
	unix.Umask(0)
	err := run(args)
	if err == nil {
		return 0
	}
	_, _ = os.Stderr.WriteString("urun: tmpcopyup: " + err.path + ": " + err.errno.Error() + "\n")
	_, _ = unix.Write(0, binary.NativeEndian.AppendUint64(nil, uint64(err.errno)))
	return 1
}

func run(args []string) *failure {
	from, err := unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return failed(".", err)
	}
	to, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return failed("/", err)
	}
	if !fresh(to) {
		return failed("/", unix.EINVAL)
	}
	c := &copier{root: to, keepMode: has(args, KeepMode), keepOwner: has(args, KeepOwner)}
	return c.tree(from, to, "")
}

// fresh says whether the directory is the top of a tmpfs with nothing in it: no other root is to be filled, whoever calls the
// program by this name.
func fresh(dir int) bool {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(dir, &fs); err != nil || int64(fs.Type) != unix.TMPFS_MAGIC {
		return false
	}
	entries := make([]byte, 4096)
	n, err := unix.Getdents(dir, entries)
	if err != nil {
		return false
	}
	_, count, _ := unix.ParseDirent(entries[:n], -1, nil) // . and .. are not counted
	return count == 0
}

func has(args []string, word string) bool {
	for _, a := range args {
		if a == word {
			return true
		}
	}
	return false
}
