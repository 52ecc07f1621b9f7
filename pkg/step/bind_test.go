package step_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestBindLinks(t *testing.T) {
	source := tree(t, map[string]string{"file": "bound", "link": "-> file"})
	for name, tc := range map[string]struct {
		from, link string // what Dest is a link to; empty: no link
		links      step.Links
	}{
		"followed":                {"link", "", 0},
		"not followed":            {"link", "file", step.SourceNoFollow},
		"copied":                  {"link", "file", step.CopySymlink},
		"a file is bound":         {"file", "", step.CopySymlink | step.SourceNoFollow},
		"destination not a link":  {"file", "", step.DestNoFollow},
		"neither way is followed": {"link", "file", step.SourceNoFollow | step.DestNoFollow},
	} {
		t.Run(name, func(t *testing.T) {
			rootfs := tree(t, map[string]string{"file": "inside"})
			c := world(t, inside(rootfs, step.Bind{Source: filepath.Join(source, tc.from), Dest: "/dst", Links: tc.links})...)
			if got, _ := os.Readlink(c.path("/dst")); got != tc.link {
				t.Errorf("it is a link to %q, want %q", got, tc.link)
			}
			if tc.link == "" && read(t, c.path("/dst")) != "bound" {
				t.Error("something else is there")
			}
		})
	}
}

// TestBindOnALink: a link at the destination leads on, or is itself mounted on.
func TestBindOnALink(t *testing.T) {
	source := tree(t, map[string]string{"file": "bound"})
	for links, want := range map[step.Links]string{0: "bound", step.DestNoFollow: "target"} {
		rootfs := tree(t, map[string]string{"dst": "-> target", "target": "target"})
		c := world(t, inside(rootfs, step.Bind{Source: filepath.Join(source, "file"), Dest: "/dst", Links: links})...)
		if got := read(t, c.path("/target")); got != want {
			t.Errorf("with %d the target is %q, want %q", links, got, want)
		}
	}
}

// TestBindLocked: what the kernel has locked may not be cleared, and access times not be changed; the latter is told.
func TestBindLocked(t *testing.T) {
	source := tree(t, nil)
	s := step.Bind{Source: source, Dest: "/dst", AttrAll: unix.MOUNT_ATTR_STRICTATIME | unix.MOUNT_ATTR_NODIRATIME | unix.MOUNT_ATTR_NOEXEC, NoTimes: 3}
	c := world(t, inside(tree(t, nil), s)...)
	if m := c.mount(t, "/dst"); !slices.Equal(c.notes, []int{2}) || !has(m.options, "noexec") || has(m.options, "nodiratime") {
		t.Errorf("notes %v, mounted %s", c.notes, m.options)
	}
}

func TestBindClear(t *testing.T) {
	source := tree(t, nil)
	host := []step.Step{step.Root{Path: source}, step.RootAttr{Set: unix.MOUNT_ATTR_NODEV}}
	s := step.Bind{Source: source, Dest: "/dst", ClearAll: unix.MOUNT_ATTR_NODEV}
	if m := world(t, append(host, inside(tree(t, nil), s)...)...).mount(t, "/dst"); has(m.options, "nodev") {
		t.Errorf("mounted %s", m.options)
	}
	again := step.Bind{Dest: "/dst", Attr: unix.MOUNT_ATTR_RDONLY, Remount: true}
	if m := world(t, append(host, inside(tree(t, nil), s, again)...)...).mount(t, "/dst"); !has(m.options, "ro") {
		t.Errorf("mounted %s after the remount", m.options)
	}
}
