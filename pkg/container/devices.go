package container

import (
	"errors"
	"fmt"
	"os"
	"path"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
)

// checkDevices compares the devices of the config with the host's nodes, which are what the container gets: an ordinary user
// cannot make any. Another device than was asked for is refused (config-linux.md, "Devices").
func (d *draft) checkDevices() error {
	for i, dev := range d.bundle.Spec.Linux.Devices {
		if plan.DefaultDevice(dev.Path) {
			continue
		}
		at := fmt.Sprintf("linux.devices[%d]", i)
		file := path.Clean(dev.Path)
		var st unix.Stat_t
		switch err := unix.Stat(file, &st); {
		case errors.Is(err, unix.ENOENT):
			return fmt.Errorf("%s.path: the host has no %s, and an ordinary user cannot make a device node", at, file)
		case err != nil:
			return fmt.Errorf("%s.path: %w", at, &os.PathError{Op: "stat", Path: file, Err: err})
		}
		asked := node(dev.Type, dev.Major, dev.Minor)
		if found := nodeOf(st); found != asked {
			return fmt.Errorf("%s: %s of the host is %s, not %s, and an ordinary user cannot make another", at, file, found, asked)
		}
		d.noteMode(at, dev, st.Mode&0o777)
	}
	return nil
}

// noteMode tells of access rights that are the host's and not those of the config.
func (d *draft) noteMode(at string, dev specs.LinuxDevice, mode uint32) {
	if dev.FileMode == nil || uint32(dev.FileMode.Perm()) == mode {
		return
	}
	d.plan.Notices = append(d.plan.Notices, plan.Notice{
		Code: "URUN-DEV-001", Want: fmt.Sprintf("%s.fileMode %04o", at, dev.FileMode.Perm()), Got: fmt.Sprintf("%04o, as on the host", mode),
		Why: "the container has the host's own node",
	})
}

// node names a device as ls(1) and mknod(1) do.
func node(kind string, major, minor int64) string {
	if kind == "u" { // an unbuffered character device
		kind = "c"
	}
	return fmt.Sprintf("%s %d:%d", kind, major, minor)
}

func nodeOf(st unix.Stat_t) string {
	kinds := map[uint32]string{unix.S_IFCHR: "c", unix.S_IFBLK: "b"}
	kind, ok := kinds[st.Mode&unix.S_IFMT]
	if !ok {
		return "no device"
	}
	return node(kind, int64(unix.Major(uint64(st.Rdev))), int64(unix.Minor(uint64(st.Rdev))))
}
