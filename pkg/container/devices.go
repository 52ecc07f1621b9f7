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
		if dev.Type == "p" { // a fifo is made
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
		d.noteAccess(at, file, st)
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

// noteAccess tells of a node that nobody in the container can open, as it is on the host: root there is the caller, without the
// caller's supplementary groups.
func (d *draft) noteAccess(at, file string, st unix.Stat_t) {
	n := plan.Notice{Code: "URUN-DEV-002", Want: at + ": " + file, Got: "a node that the container cannot open"}
	switch {
	case unix.Access(file, unix.R_OK) != nil && unix.Access(file, unix.W_OK) != nil:
		n.Why = "the caller may not open it either"
	case d.byGroup(file, st):
		n.Why = fmt.Sprintf("the caller may open it as a member of group %d, which the container leaves behind", st.Gid)
		n.Fix = "--keep-groups keeps it"
	default:
		return
	}
	d.plan.Notices = append(d.plan.Notices, n)
}

// byGroup says that it is a supplementary group, and one that is not kept, by which the caller may open a node. Where there are
// access control lists (acl(5)) the mode does not tell.
func (d *draft) byGroup(file string, st unix.Stat_t) bool {
	if plan.KeepsGroups(d.bundle.Spec.Annotations) || int(st.Uid) == os.Getuid() || int(st.Gid) == os.Getgid() || st.Mode&0o006 != 0 {
		return false
	}
	_, err := unix.Getxattr(file, "system.posix_acl_access", nil)
	return err != nil
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
