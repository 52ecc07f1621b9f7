package step_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// TestEnter: however the root is entered, it is all that can be seen.
func TestEnter(t *testing.T) {
	for name, enter := range map[string]step.Step{"pivot": step.Pivot{}, "chroot": step.Chroot{}} {
		t.Run(name, func(t *testing.T) {
			rootfs := tree(t, map[string]string{"only": "this"})
			steps := inside(rootfs)
			steps[len(steps)-1] = enter
			c := world(t, steps...)
			list, err := os.ReadDir(c.path("/"))
			if err != nil || len(list) != 1 || list[0].Name() != "only" {
				t.Errorf("the root holds %v (%v)", list, err)
			}
			if cwd, err := os.Readlink("/proc/" + filepath.Base(filepath.Dir(c.path(""))) + "/cwd"); cwd != "/" {
				t.Errorf("the working directory is %q (%v)", cwd, err)
			}
		})
	}
}

func TestPivotLeavesNothingOfTheHost(t *testing.T) {
	c := world(t, inside(tree(t, nil))...)
	if lines := strings.Count(c.proc(t, "mountinfo"), "\n"); lines != 1 {
		t.Errorf("%d mounts are left:\n%s", lines, c.proc(t, "mountinfo"))
	}
}

// TestRootTakesMountsWithIt: what is mounted below the rootfs on the host comes along.
func TestRootTakesMountsWithIt(t *testing.T) {
	rootfs := tree(t, map[string]string{"sub/": ""})
	dir := tree(t, map[string]string{"file": "bound"})
	c := world(t, append([]step.Step{
		step.Root{Path: rootfs}, step.Bind{Source: dir, Dest: "/sub"}}, // as if the host had done it
		inside(rootfs)...)...)
	if got := read(t, c.path("/sub/file")); got != "bound" {
		t.Errorf("/sub/file is %q", got)
	}
}

func TestRootMustBeADirectory(t *testing.T) {
	dir := tree(t, map[string]string{"real/": "", "link": "-> real", "file": ""})
	for name, tc := range map[string]struct {
		errno unix.Errno
		text  string
	}{
		"link":    {unix.ENOTDIR, " is not a directory (a symlink is not followed)"},
		"file":    {unix.ENOTDIR, " is not a directory (a symlink is not followed)"},
		"missing": {unix.ENOENT, " does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			s := step.Root{Path: filepath.Join(dir, name)}
			_, err := start(t, newWorld, nil, append(asRoot(), s)...)
			f := wantErrno(t, err, s.String(), tc.errno)
			if want := "root.path: " + s.Path + tc.text; f.explain != want {
				t.Errorf("it is explained as %q, want %q", f.explain, want)
			}
		})
	}
}

func TestRootAttr(t *testing.T) {
	c := world(t, append(inside(tree(t, nil), step.RootAttr{Set: unix.MOUNT_ATTR_RDONLY}), step.RootAttr{Propagation: unix.MS_SHARED})...)
	if m := c.mount(t, "/"); !has(m.options, "ro") || !strings.Contains(m.tags, "shared:") {
		t.Errorf("the root is mounted %q %q, want read-only and shared", m.options, m.tags)
	}
}

func TestPropagation(t *testing.T) {
	for name, tc := range map[string]struct {
		flags uint64
		tag   string
	}{
		"private": {unix.MS_PRIVATE | unix.MS_REC, ""},
		"shared":  {unix.MS_SHARED | unix.MS_REC, "shared:"},
	} {
		t.Run(name, func(t *testing.T) {
			tags := world(t, step.Propagation{Flags: tc.flags}).mount(t, "/").tags
			if (tc.tag == "") != (tags == "") || !strings.Contains(tags, tc.tag) {
				t.Errorf("the tree is %q, want %q", tags, tc.tag)
			}
		})
	}
}
