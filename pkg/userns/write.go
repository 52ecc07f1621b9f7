package userns

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
)

// Write gives the user namespace of a process its maps, through newuidmap and newgidmap running at the same time. The
// process must be the caller's and wait in a namespace that has no maps yet. Both helpers have ended when Write
// returns. A refusal is a *HelperError; of two, both are told.
//
// Preconditions: nobody else in this program reaps children that are not its own (wait4 with -1).
func Write(pid int, uid, gid idmap.Map, h Helpers) error {
	if h.Why != "" {
		return &HelperError{Command: "newuidmap", Err: errors.New(h.Why)}
	}
	u, errU := start(h.UID, pid, uid)
	g, errG := start(h.GID, pid, gid)
	if errU == nil {
		errU = u.finish()
	}
	if errG == nil {
		errG = g.finish()
	}
	if errU != nil && errG != nil {
		return fmt.Errorf("%w; %w", errU, errG)
	}
	return errors.Join(errU, errG)
}

// WriteDirect writes the maps itself. The caller must hold CAP_SETUID and CAP_SETGID over the parent of the
// process's user namespace, as root does (user_namespaces(7)).
func WriteDirect(pid int, uid, gid idmap.Map) error {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	if err := writeMap(dir+"uid_map", uid); err != nil {
		return err
	}
	return writeMap(dir+"gid_map", gid)
}

// writeMap writes one map in the single write(2) that the kernel allows.
func writeMap(path string, m idmap.Map) error {
	if err := fits(m); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }() // the kernel took or refused the map in write
	if _, err := unix.Write(fd, m.Kernel()); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// fits checks the one limit of a map that depends on the machine.
func fits(m idmap.Map) error {
	if n, page := len(m.Kernel()), unix.Getpagesize(); n >= page {
		return fmt.Errorf("id map has %d bytes, the kernel takes less than a page of %d", n, page)
	}
	return nil
}
