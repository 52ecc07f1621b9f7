package copyup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// copied copies the directory from into a new one.
func copied(t *testing.T, from string, c copier) (to string, f *failure) {
	t.Helper()
	to = t.TempDir()
	open := func(dir string) int {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	dst := open(to)
	defer unix.Close(dst)
	c.root = dst
	return to, c.tree(open(from), dst, "")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func stat(t *testing.T, path string) (st unix.Stat_t) {
	t.Helper()
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(path, err)
	}
	return st
}

func TestTree(t *testing.T) {
	from := t.TempDir()
	write(t, from+"/plain", strings.Repeat("text", 10000))
	write(t, from+"/a/b/c/deep", "deep")
	for _, err := range []error{
		os.Link(from+"/plain", from+"/a/second"), os.Symlink("/etc/passwd", from+"/a/link"), unix.Mkfifo(from+"/fifo", 0o620),
		unix.Mknod(from+"/socket", unix.S_IFSOCK|0o600, 0), os.Symlink(from, from+"/dir"), unix.Chmod(from+"/plain", 0o4711),
		unix.Chmod(from+"/a/b", 0o2770), os.Mkdir(from+"/empty", 0o500),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	to, f := copied(t, from, copier{})
	if f != nil {
		t.Fatal(f.path, f.errno)
	}
	for _, name := range []string{"", "plain", "a", "a/b", "a/b/c/deep", "a/second", "a/link", "fifo", "socket", "dir", "empty"} {
		want, got := stat(t, filepath.Join(from, name)), stat(t, filepath.Join(to, name))
		if got.Mode != want.Mode || got.Uid != want.Uid || got.Gid != want.Gid || got.Nlink != want.Nlink || got.Mtim != want.Mtim ||
			want.Mode&unix.S_IFMT != unix.S_IFDIR && got.Size != want.Size {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	if stat(t, to+"/plain").Ino != stat(t, to+"/a/second").Ino {
		t.Error("the two names are two files")
	}
	if target, _ := os.Readlink(to + "/a/link"); target != "/etc/passwd" {
		t.Errorf("the link leads to %s", target)
	}
}

// TestHoles: they are not read, and stay holes.
func TestHoles(t *testing.T) {
	from := t.TempDir()
	const size = 1 << 40
	for name, data := range map[string]int64{"begin": 0, "middle": 300 << 20, "end": size - 4} {
		f, err := os.Create(from + "/" + name)
		if err == nil {
			err = f.Truncate(size)
		}
		if err == nil {
			_, err = f.WriteAt([]byte("data"), data)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, name := range []string{"nothing", "empty"} {
		write(t, from+"/"+name, "")
	}
	if err := os.Truncate(from+"/nothing", size); err != nil {
		t.Fatal(err)
	}
	to, f := copied(t, from, copier{})
	if f != nil {
		t.Fatal(f)
	}
	for name, data := range map[string]int64{"begin": 0, "middle": 300 << 20, "end": size - 4, "nothing": -1} {
		st := stat(t, to+"/"+name)
		if st.Size != size || st.Blocks > 64 {
			t.Errorf("%s: %d bytes in %d blocks", name, st.Size, st.Blocks)
		}
		got := make([]byte, 4)
		if file, err := os.Open(to + "/" + name); err != nil {
			t.Error(err)
		} else if _, err := file.ReadAt(got, max(data, 0)); err != nil || data >= 0 && string(got) != "data" {
			t.Errorf("%s: %q, %v", name, got, err)
		} else {
			file.Close()
		}
	}
	if st := stat(t, to+"/empty"); st.Size != 0 {
		t.Errorf("empty: %d bytes", st.Size)
	}
}

func TestTreeKeepsTheTop(t *testing.T) {
	from := t.TempDir()
	if err := unix.Chmod(from, 0o711); err != nil {
		t.Fatal(err)
	}
	for keep, want := range map[bool]uint32{true: 0o755, false: 0o711} {
		to, f := copied(t, from, copier{keepMode: keep, keepOwner: keep})
		if got := stat(t, to).Mode & 0o7777; f != nil || got != want {
			t.Errorf("mode %o, want %o", got, want)
		}
	}
}

func TestExtendedAttributes(t *testing.T) {
	from := t.TempDir()
	write(t, from+"/file", "x")
	if err := unix.Setxattr(from+"/file", "user.note", []byte("kept"), 0); err != nil {
		t.Skip("no extended attributes here:", err)
	}
	to, _ := copied(t, from, copier{})
	value := make([]byte, 10)
	if n, err := unix.Getxattr(to+"/file", "user.note", value); err != nil || string(value[:n]) != "kept" {
		t.Errorf("%q, %v", value, err)
	}
}

// TestFailureIsNamed with the path and the errno of what could not be copied.
func TestFailureIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	from := t.TempDir()
	write(t, from+"/a/secret", "x")
	if err := os.Chmod(from+"/a/secret", 0); err != nil {
		t.Fatal(err)
	}
	if _, f := copied(t, from, copier{}); f == nil || f.path != "a/secret" || f.errno != unix.EACCES {
		t.Errorf("%+v", f)
	}
}

func TestNothingStaysOpen(t *testing.T) {
	from := t.TempDir()
	write(t, from+"/a/b/file", "x")
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	copied(t, from, copier{})
	if after := count(); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// TestOnlyAFreshTmpfs: whoever calls urun by that name somewhere else changes nothing.
func TestOnlyAFreshTmpfs(t *testing.T) {
	if f := run(nil); f == nil || f.path != "/" || f.errno != unix.EINVAL {
		t.Errorf("%+v", f)
	}
}
