package step_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// TestBindThatFindsNoPlace: a file that need not be had is mounted on whatever there is, or the parent is told that it is not.
func TestBindThatFindsNoPlace(t *testing.T) {
	source := tree(t, map[string]string{"file": "of the host"})
	for name, tc := range map[string]struct {
		rootfs map[string]string
		notes  string
	}{
		"nothing":                     {nil, "[]"},
		"a file":                      {map[string]string{"etc/f": "old"}, "[]"},
		"a link to nothing":           {map[string]string{"etc/f": "-> g"}, "[]"},
		"a link to nowhere":           {map[string]string{"etc/f": "-> ../run/a/b"}, "[]"},
		"a loop":                      {map[string]string{"etc/f": "-> f"}, "[]"},
		"a descriptor":                {map[string]string{"etc/f": "-> /proc/self/fd/0"}, "[]"},
		"a directory":                 {map[string]string{"etc/f/": ""}, "[6]"},
		"a file in place of its home": {map[string]string{"etc": ""}, "[6]"},
		"its home a link to nowhere":  {map[string]string{"etc": "-> run/a"}, "[6]"},
	} {
		t.Run(name, func(t *testing.T) {
			c := world(t, inside(tree(t, tc.rootfs), step.Bind{Source: filepath.Join(source, "file"), Dest: "/etc/f", Placeless: 7})...)
			if got := fmt.Sprint(c.notes); got != tc.notes {
				t.Errorf("notes %s, want %s", got, tc.notes)
			}
			if tc.notes == "[]" && read(t, c.path("/etc/f")) != "of the host" {
				t.Errorf("/etc/f is %q", read(t, c.path("/etc/f")))
			}
		})
	}
}

// TestBindOfTheWrongKind: the error tells what the kernel's word for it does not.
func TestBindOfTheWrongKind(t *testing.T) {
	source := tree(t, map[string]string{"file": "", "dir/": ""})
	for name, tc := range map[string]struct {
		from  string
		there map[string]string
		errno unix.Errno
		want  string
	}{
		"a file on a directory": {"file", map[string]string{"there/": ""}, unix.EINVAL, "one is a directory and the other is not"},
		"a directory on a file": {"dir", map[string]string{"there": ""}, unix.EINVAL, "one is a directory and the other is not"},
		"a directory on a link": {"dir", map[string]string{"there": "-> nowhere"}, unix.EEXIST, "a symlink there that leads to nothing"},
	} {
		s := step.Bind{Source: filepath.Join(source, tc.from), Dest: "/there"}
		_, err := start(t, newWorld, nil, inside(tree(t, tc.there), s)...)
		wantErrno(t, err, s.String(), tc.errno)
		if got := s.Explain(tc.errno); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
