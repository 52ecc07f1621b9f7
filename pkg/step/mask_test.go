package step_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestMask(t *testing.T) {
	rootfs := tree(t, map[string]string{"file": "secret", "dir/file": "secret", "link": "-> file", "file2/": ""})
	c := world(t, inside(rootfs, step.Mask{Path: "/file"}, step.Mask{Path: "/dir"})...)
	if got := read(t, c.path("/file")); got != "" {
		t.Errorf("the masked file holds %q", got)
	}
	if list, err := os.ReadDir(c.path("/dir")); len(list) > 0 || err != nil {
		t.Errorf("the masked directory holds %v (%v)", list, err)
	}
	if err := os.WriteFile(c.path("/dir/new"), nil, 0o644); err == nil {
		t.Error("the masked directory can be written")
	}
}

// TestMaskLink: what a link leads to is hidden.
func TestMaskLink(t *testing.T) {
	c := world(t, inside(tree(t, map[string]string{"file": "secret", "link": "-> /file"}), step.Mask{Path: "/link"})...)
	if got := read(t, c.path("/file")); got != "" {
		t.Errorf("the file behind the masked link holds %q", got)
	}
}

// TestMaskUsesTheHostsNull: a rootfs may bring a /dev/null of its own, or anything by that name (CVE-2025-31133).
func TestMaskUsesTheHostsNull(t *testing.T) {
	c := world(t, inside(tree(t, map[string]string{"dev/null": "-> /secret", "secret": "secret", "file": "x"}), step.Mask{Path: "/file"})...)
	var want, got unix.Stat_t
	if err := unix.Stat("/dev/null", &want); err != nil {
		t.Fatal(err)
	}
	if err := unix.Stat(c.path("/file"), &got); err != nil || got.Rdev != want.Rdev {
		t.Errorf("behind the mask is device %#x (%v), want the host's null", got.Rdev, err)
	}
}

// TestAbsentNeedsNothing: paths that are not there, or cannot be, are passed over, and what follows is done.
func TestAbsentNeedsNothing(t *testing.T) {
	rootfs := tree(t, map[string]string{"file": "", "seen": ""})
	c := world(t, inside(rootfs,
		step.Mask{Path: "/missing"}, step.Mask{Path: "/missing/below"}, step.Mask{Path: "/file/below"},
		step.Readonly{Path: "/missing"}, step.Readonly{Path: "/file/below"},
		step.Symlink{Target: "x", Path: "/done"},
	)...)
	if _, err := os.Readlink(c.path("/done")); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(rootfs); len(list) != 3 {
		t.Errorf("the rootfs holds %v", list)
	}
}

func TestReadonly(t *testing.T) {
	rootfs := tree(t, map[string]string{"dir/file": "", "dir/sub/": "", "file": "", "free": ""})
	c := world(t, inside(rootfs,
		step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/dir/sub"},
		step.Readonly{Path: "/dir"}, step.Readonly{Path: "/file"},
	)...)
	for path, want := range map[string]error{
		"/dir/file": unix.EROFS, "/dir/sub/new": unix.EROFS, "/file": unix.EROFS, "/free": nil,
	} {
		fd, err := unix.Open(c.path(path), unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
		if err != want {
			t.Errorf("open %s for writing: %v, want %v", path, err, want)
		}
		unix.Close(fd)
	}
}
