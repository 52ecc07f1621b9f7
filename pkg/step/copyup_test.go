package step_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func etc(data string, flags uint64) step.Mount {
	return step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/etc", Flags: flags, Data: data, CopyUp: true}
}

func TestCopyUp(t *testing.T) {
	rootfs := tree(t, map[string]string{"etc/a/b": "deep", "etc/file": "plain", "etc/link": "-> /out"})
	c := world(t, inside(rootfs, etc("", unix.MS_RDONLY|unix.MS_NODEV))...)
	if read(t, c.path("/etc/a/b")) != "deep" || read(t, c.path("/etc/file")) != "plain" {
		t.Error("the content is another")
	}
	if to, err := os.Readlink(c.path("/etc/link")); to != "/out" {
		t.Errorf("the link leads to %q (%v)", to, err)
	}
	if m := c.mount(t, "/etc"); m.fstype != "tmpfs" || !has(m.options, "ro") || !has(m.options, "nodev") {
		t.Errorf("it is a %s, mounted %s", m.fstype, m.options)
	}
}

func TestCopyUpOfNothing(t *testing.T) {
	for name, rootfs := range map[string]map[string]string{"missing": nil, "empty": {"etc/": ""}} {
		t.Run(name, func(t *testing.T) {
			c := world(t, inside(tree(t, rootfs), etc("size=64k", 0))...)
			if list, err := os.ReadDir(c.path("/etc")); err != nil || len(list) != 0 || c.mount(t, "/etc").fstype != "tmpfs" {
				t.Errorf("it holds %v (%v)", list, err)
			}
		})
	}
}

// TestCopyUpOfALink: /etc is a link that leads out; what it means inside is copied.
func TestCopyUpOfALink(t *testing.T) {
	host := tree(t, map[string]string{"secret": "of the host"})
	rootfs := tree(t, map[string]string{"etc": "-> " + host})
	if err := os.MkdirAll(filepath.Join(rootfs, host), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(rootfs, host, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c := world(t, inside(rootfs, etc("", 0))...)
	list, err := os.ReadDir(c.path(host))
	if err != nil || len(list) != 1 || list[0].Name() != "mine" {
		t.Errorf("it holds %v (%v)", list, err)
	}
}

// TestCopyUpFails: the errno is that of the copying process.
func TestCopyUpFails(t *testing.T) {
	s := etc("size=64k", 0)
	rootfs := tree(t, map[string]string{"etc/big": strings.Repeat("x", 1<<20)})
	_, err := start(t, newWorld, nil, append(append(asRoot(), inside(rootfs, s)...), step.Ready{})...)
	wantErrno(t, err, s.String(), unix.ENOSPC)
}

// TestTmpfsTakesTheMode of the directory that it covers, unless it is told its own.
func TestTmpfsTakesTheMode(t *testing.T) {
	for name, tc := range map[string]struct {
		dir  uint32 // 0: none
		data string
		want uint32
	}{
		"of the directory": {0o711, "", 0o711}, "with its bits": {0o3775, "size=64k", 0o3775},
		"its own": {0o711, "mode=700", 0o700}, "no directory": {0, "", 0o1777},
	} {
		t.Run(name, func(t *testing.T) {
			rootfs := tree(t, nil)
			if tc.dir != 0 {
				if err := os.Mkdir(filepath.Join(rootfs, "tmp"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := unix.Chmod(filepath.Join(rootfs, "tmp"), tc.dir); err != nil {
					t.Fatal(err)
				}
			}
			for _, flags := range []uint64{unix.MS_RDONLY, 0} {
				c := world(t, inside(rootfs, step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/tmp", Data: tc.data, Flags: flags})...)
				var st unix.Stat_t
				if err := unix.Stat(c.path("/tmp"), &st); err != nil || st.Mode&0o7777 != tc.want {
					t.Errorf("the mode is %o (%v), want %o", st.Mode&0o7777, err, tc.want)
				}
				if m := c.mount(t, "/tmp"); has(m.options, "ro") != (flags != 0) {
					t.Errorf("mounted %s", m.options)
				}
				if tc.dir == 0 {
					_ = os.Remove(filepath.Join(rootfs, "tmp")) // made for the mount
				}
			}
		})
	}
}
