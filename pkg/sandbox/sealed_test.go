package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSealedCopyCannotBeWritten(t *testing.T) {
	exe, err := os.Open("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	want, err := io.ReadAll(exe)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = exe.Seek(0, io.SeekStart)
	fd, err := sealedCopy(exe, len(want))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for name, op := range map[string]func() error{
		"write":  func() error { _, err := unix.Pwrite(fd, []byte("x"), 0); return err },
		"grow":   func() error { return unix.Ftruncate(fd, int64(len(want))+1) },
		"shrink": func() error { return unix.Ftruncate(fd, 0) },
		"unseal": func() error {
			_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_FUTURE_WRITE)
			return err
		},
		"allocate": func() error { return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096) },
		"map": func() error {
			_, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			return err
		},
	} {
		if err := op(); err != unix.EPERM {
			t.Errorf("%s: %v", name, err)
		}
	}
	again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil { // root may open it, to no avail
		if _, err := unix.Write(again, []byte("x")); err != unix.EPERM {
			t.Errorf("write through another handle: %v", err)
		}
		unix.Close(again)
	} else if err != unix.EACCES {
		t.Errorf("open for writing: %v", err)
	}
	got := make([]byte, len(want)+1)
	if n, _ := unix.Pread(fd, got, 0); string(got[:n]) != string(want) {
		t.Error("the copy differs")
	}
}

// A binary of root is sealed only where the caller is root, too, or others may write it.
func TestSealOnlyWhereNeeded(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a binary of root's is made by root")
	}
	for _, c := range []struct {
		mode   os.FileMode
		owner  int
		user   int // who runs it
		copied bool
	}{
		{0o755, 65534, 65534, true},
		{0o755, 65533, 65534, true},
		{0o755, 0, 0, true},
		{0o755, 0, 65534, false},
		{0o775, 0, 65534, true},
		{0o757, 0, 65534, true},
	} {
		path := copyOfMyself(t)
		for dir := filepath.Dir(path); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Chown(path, c.owner, 0), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		exe, _ := sealed(t, path, c.user)
		if copied := strings.HasPrefix(exe, "/memfd:"); copied != c.copied {
			t.Errorf("mode %o of %d, run by %d: runs from %s", c.mode, c.owner, c.user, exe)
		}
	}
}

func TestSealError(t *testing.T) {
	err := error(&SealError{unix.EACCES})
	if !errors.Is(err, unix.EACCES) || err.Error() != "protect the urun binary from the container: permission denied" {
		t.Error(err)
	}
}
