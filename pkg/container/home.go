package container

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// home looks up the home directory of uid in the container's own /etc/passwd. The rootfs is hostile: the file is opened
// inside it, whatever its symlinks say, and only a regular file is read. Without an entry it is "/", and "" when there is
// no telling.
func home(bundle, rootfs string, uid uint32) string {
	if !filepath.IsAbs(rootfs) {
		rootfs = filepath.Join(bundle, rootfs)
	}
	root, err := unix.Open(rootfs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(root)
	fd, err := unix.Openat2(root, "etc/passwd", &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return "/"
	}
	f := os.NewFile(uintptr(fd), "etc/passwd")
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "/"
	}
	want := strconv.FormatUint(uint64(uid), 10)
	for s := bufio.NewScanner(f); s.Scan(); {
		if e := strings.Split(s.Text(), ":"); len(e) >= 6 && e[2] == want && strings.HasPrefix(e[5], "/") {
			return e[5]
		}
	}
	return "/"
}
