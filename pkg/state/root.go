package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Root returns the directory that holds the state of all containers and makes it when it is not there, for the
// caller alone and sticky, since tmpfiles.d(5) cleans no sticky directory out of a runtime directory. flag is the
// value of --root or URUN_ROOT and wins. Otherwise it is the first of
//
//	$XDG_RUNTIME_DIR/urun   when XDG_RUNTIME_DIR is a directory of the caller; su and sudo pass on somebody else's
//	/run/user/UID/urun      for the caller's uid
//	/run/urun               for root
//	$TMPDIR/urun-UID        or /tmp/urun-UID
//
// that can be had. The notice, when there is one, says why it is not the usual place.
func Root(flag string) (dir, notice string, err error) {
	if flag != "" {
		dir, err = given(flag)
		return dir, "", err
	}
	return ladder(os.Getenv("XDG_RUNTIME_DIR"), "/run", os.TempDir(), uint32(os.Geteuid()))
}

// given makes the directory that the caller named. One that exists is taken as it is: who named it answers for it.
func given(flag string) (string, error) {
	dir, err := filepath.Abs(flag)
	if err != nil {
		return "", err
	}
	if dir == "/" {
		return "", errors.New("/ cannot be the state directory")
	}
	if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", fmt.Errorf("create state directory: %w", err)
	}
	if err := os.Mkdir(dir, 0o700|os.ModeSticky); err != nil && !isDir(dir) {
		return "", fmt.Errorf("create state directory: %w", err)
	}
	return dir, nil
}

// ladder tries the places one after the other.
func ladder(xdg, run, tmp string, uid uint32) (dir, notice string, err error) {
	why := "XDG_RUNTIME_DIR is not set"
	if xdg != "" {
		why = "XDG_RUNTIME_DIR=" + xdg + " is not a directory of uid " + utoa(uid)
	}
	user := filepath.Join(run, "user", utoa(uid))
	rungs := []string{xdg, user}
	if uid == 0 {
		rungs = append(rungs, run)
	}
	for _, base := range rungs {
		if !filepath.IsAbs(base) || !ours(base, uid) {
			continue
		}
		dir = filepath.Join(base, "urun")
		err = private(dir, uid)
		switch {
		case err == nil && (base == xdg || xdg == ""):
			return dir, "", nil
		case err == nil:
			return dir, "state is in " + dir + ": " + why, nil
		case !refused(err):
			return "", "", err
		}
		why = dir + " cannot be made"
	}
	return lastResort(filepath.Join(tmp, "urun-"+utoa(uid)), uid, why+" and "+user+" cannot be used")
}

func lastResort(dir string, uid uint32, why string) (string, string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	if err := private(dir, uid); err != nil {
		return "", "", fmt.Errorf("%w (%s; name another place with --root)", err, why)
	}
	return dir, "state is in " + dir + ": " + why + "; XDG_RUNTIME_DIR or URUN_ROOT may name a directory of yours", nil
}

// private makes sure that dir is a directory, not a symlink to one, which is the caller's and closed to all
// others. In a directory that everybody may write, somebody else may have made it first.
func private(dir string, uid uint32) error {
	err := os.Mkdir(dir, 0o700|os.ModeSticky) // mkdir(2) sets the sticky bit itself
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("create state directory: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &os.PathError{Op: "look at state directory", Path: dir, Err: err}
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("state directory %s: it is not a directory", dir)
	case st.Uid != uid:
		return fmt.Errorf("state directory %s: it belongs to uid %d, not to %d", dir, st.Uid, uid)
	case st.Mode&0o077 != 0:
		return fmt.Errorf("state directory %s: it is open to others (mode %#o); chmod 700 mends it", dir, st.Mode&0o7777)
	}
	return nil
}

// refused says that a directory cannot be made here at all, so that the next place is worth a try. A full disk is
// not such an error: another place today and this one tomorrow would lose containers.
func refused(err error) bool {
	return errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
}

func ours(path string, uid uint32) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Uid == uid
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}

func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
