package state

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// keptDir holds what is dear to make and worth keeping from one container to the next. No container can have its name.
const keptDir = "kept~"

// maxKept is how many things are kept; then it begins anew.
const maxKept = 64

// Kept returns what was kept under a name; nil: nothing. It may be anything that an earlier urun left there. A store without a
// root keeps nothing.
func (s Store) Kept(name string) []byte {
	if s.Root == "" {
		return nil
	}
	b, err := readFile(unix.AT_FDCWD, filepath.Join(s.Root, keptDir, name))
	if err != nil {
		return nil
	}
	return b
}

// Keep keeps something under a name, a single path component. It does not matter whether it can.
func (s Store) Keep(name string, content []byte) {
	if s.Root == "" {
		return
	}
	dir := filepath.Join(s.Root, keptDir)
	if err := unix.Mkdir(dir, 0o700); err != nil && err != unix.EEXIST {
		return
	}
	if all, _ := os.ReadDir(dir); len(all) >= maxKept {
		for _, old := range all {
			_ = os.Remove(filepath.Join(dir, old.Name()))
		}
	}
	path := filepath.Join(dir, name)
	beside := path + "." + strconv.Itoa(os.Getpid())
	err := os.WriteFile(beside, content, 0o600)
	if err == nil {
		err = unix.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside)
	}
}
