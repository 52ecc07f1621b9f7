package step_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestBindMakesItsDestination(t *testing.T) {
	source := tree(t, map[string]string{"file": "of the host", "dir/file": "in a directory"})
	for name, tc := range map[string]struct {
		rootfs         map[string]string
		from, to, file string // file: what is read inside
	}{
		"a missing file":            {nil, "file", "/new", "/new"},
		"a missing directory":       {nil, "dir", "/new", "/new/file"},
		"missing parents":           {nil, "file", "/a/b/c", "/a/b/c"},
		"a file that is there":      {map[string]string{"there": "old"}, "file", "/there", "/there"},
		"a directory that is there": {map[string]string{"there/old": ""}, "dir", "/there", "/there/file"},
		"a link to nothing":         {map[string]string{"there": "-> ../elsewhere"}, "file", "/there", "/there"},
		"a link to nowhere":         {map[string]string{"there": "-> ../run/a/b"}, "file", "/there", "/there"},
	} {
		t.Run(name, func(t *testing.T) {
			c := world(t, inside(tree(t, tc.rootfs), step.Bind{Source: filepath.Join(source, tc.from), Dest: tc.to})...)
			if got, want := read(t, c.path(tc.file)), read(t, filepath.Join(source, tc.from, strings.TrimPrefix(tc.file, tc.to))); got != want {
				t.Errorf("%s is %q, want %q", tc.file, got, want)
			}
		})
	}
}

// TestNoSymlinkLeadsOut: every step that names a place in the container finds it inside, where a hostile rootfs has laid
// links that lead to the host for those who follow them naively.
func TestNoSymlinkLeadsOut(t *testing.T) {
	source := tree(t, map[string]string{"file": "bound", "dir/": ""})
	for name, s := range map[string]step.Step{
		"bind file":      step.Bind{Source: filepath.Join(source, "file"), Dest: "/out/canary"},
		"bind new file":  step.Bind{Source: filepath.Join(source, "file"), Dest: "/out/new"},
		"bind directory": step.Bind{Source: filepath.Join(source, "dir"), Dest: "/out/new"},
		"bind link":      step.Bind{Source: filepath.Join(source, "dir"), Dest: "/out"},
		"mount":          step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/out"},
		"mount new":      step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/out/new"},
		"device":         step.Device{Source: "/dev/null", Dest: "/out/new"},
		"fifo":           step.Fifo{Path: "/out/new", Mode: 0o666},
		"symlink":        step.Symlink{Target: "x", Path: "/out/new"},
		"mask":           step.Mask{Path: "/out/canary"},
		"mask directory": step.Mask{Path: "/out"},
		"readonly":       step.Readonly{Path: "/out"},
	} {
		t.Run(name, func(t *testing.T) {
			host := tree(t, map[string]string{"canary": "sings"})
			for _, link := range []string{host, "../../../../../../../../../../" + host} {
				rootfs := tree(t, map[string]string{"out": "-> " + link, "inside": ""})
				if err := os.MkdirAll(filepath.Join(rootfs, host), 0o755); err != nil { // what the link means inside
					t.Fatal(err)
				}
				c := world(t, inside(rootfs, s)...)
				untouched(t, host)
				if strings.Contains(c.proc(t, "mountinfo"), " /out") {
					t.Error("something is mounted on the link itself")
				}
			}
		})
	}
}

func untouched(t *testing.T, host string) {
	t.Helper()
	list, err := os.ReadDir(host)
	if err != nil || len(list) != 1 || read(t, filepath.Join(host, "canary")) != "sings" {
		t.Errorf("the host's directory has changed: %v (%v)", list, err)
	}
}

// A host whose /sys is shown has its cgroups there, and they are the same file system as the container's.
func TestCgroupsAreMountedOverThemselves(t *testing.T) {
	cgroups := step.Mount{Type: "cgroup2", Source: "cgroup2", Dest: "/cg", Flags: unix.MS_RDONLY}
	steps := append(asRoot(), inside(tree(t, nil), cgroups, cgroups)...)
	c, err := start(t, newWorld|unix.CLONE_NEWCGROUP, nil, append(steps, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Access(c.path("/cg/cgroup.procs"), unix.R_OK); err != nil {
		t.Errorf("cgroup.procs: %v", err)
	}
}

func TestBindAttributes(t *testing.T) {
	source := tree(t, map[string]string{"sub/": ""})
	host := []step.Step{step.Root{Path: source}, step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/sub"}}
	bind := step.Bind{Source: source, Dest: "/dst", Recursive: true}
	for name, tc := range map[string]struct {
		set      func(*step.Bind)
		top, sub string // an option that must be there, with ! one that must not
	}{
		"topmost":    {func(b *step.Bind) { b.Attr = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID }, "nosuid", "!ro"},
		"all":        {func(b *step.Bind) { b.AttrAll = unix.MOUNT_ATTR_RDONLY }, "ro", "ro"},
		"both":       {func(b *step.Bind) { b.Attr, b.AttrAll = unix.MOUNT_ATTR_NODEV, unix.MOUNT_ATTR_NOEXEC }, "nodev", "noexec"},
		"as it is":   {func(*step.Bind) {}, "rw", "rw"},
		"propagated": {func(b *step.Bind) { b.Propagation = unix.MS_SHARED }, "rw", "rw"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bind
			tc.set(&b)
			c := world(t, append(host, inside(tree(t, nil), b)...)...)
			for at, want := range map[string]string{"/dst": tc.top, "/dst/sub": tc.sub} {
				word, not := strings.CutPrefix(want, "!")
				if got := c.mount(t, at).options; has(got, word) == not {
					t.Errorf("%s is mounted %s, want %s", at, got, want)
				}
			}
			if shared := strings.Contains(c.mount(t, "/dst").tags, "shared:"); shared != (b.Propagation != 0) {
				t.Errorf("shared: %v", shared)
			}
		})
	}
}

// TestBindPropagatesAll: rshared means the whole tree, whatever else is set.
func TestBindPropagatesAll(t *testing.T) {
	source := tree(t, map[string]string{"sub/": ""})
	host := []step.Step{step.Root{Path: source}, step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/sub"}}
	for _, attr := range []uint64{0, unix.MOUNT_ATTR_NOSUID} {
		b := step.Bind{Source: source, Dest: "/dst", Recursive: true, Attr: attr, Propagation: unix.MS_SHARED | unix.MS_REC}
		c := world(t, append(host, inside(tree(t, nil), b)...)...)
		for _, at := range []string{"/dst", "/dst/sub"} {
			if m := c.mount(t, at); !strings.Contains(m.tags, "shared:") {
				t.Errorf("with attributes %#x %s is %q, want shared", attr, at, m.tags)
			}
		}
	}
}

// TestBindKeepsFlags: what the source has made read-only is not given back writable.
func TestBindKeepsFlags(t *testing.T) {
	source := tree(t, nil)
	host := []step.Step{step.Root{Path: source}, step.RootAttr{Set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NODEV}}
	c := world(t, append(host, inside(tree(t, nil), step.Bind{Source: source, Dest: "/dst", Attr: unix.MOUNT_ATTR_NOSUID})...)...)
	for _, word := range []string{"ro", "nodev", "nosuid"} {
		if m := c.mount(t, "/dst"); !has(m.options, word) {
			t.Errorf("/dst is mounted %s, want %s kept", m.options, word)
		}
	}
}

func TestBindMissingSource(t *testing.T) {
	s := step.Bind{Source: "/no/such/thing", Dest: "/dst"}
	_, err := start(t, newWorld, nil, append(asRoot(), inside(tree(t, nil), s)...)...)
	wantErrno(t, err, "bind /no/such/thing on /dst", unix.ENOENT)
}

func TestMount(t *testing.T) {
	c := world(t, inside(tree(t, nil), step.Mount{
		Type: "tmpfs", Source: "tmpfs", Dest: "/a/b", Flags: unix.MS_NODEV | unix.MS_NOSUID, Data: "size=64k", Attr: unix.MOUNT_ATTR_NOEXEC,
	})...)
	m := c.mount(t, "/a/b")
	for _, word := range []string{"nodev", "nosuid", "noexec"} {
		if !has(m.options, word) {
			t.Errorf("it is mounted %s, want %s", m.options, word)
		}
	}
	if m.fstype != "tmpfs" || !has(m.super, "size=64k") {
		t.Errorf("it is a %s with %s", m.fstype, m.super)
	}
}

// TestMountPropagation: engines give rprivate to tmpfs mounts.
func TestMountPropagation(t *testing.T) {
	for name, tc := range map[string]struct {
		flags uint64
		tag   string
	}{
		"shared": {unix.MS_SHARED, "shared:"}, "rshared": {unix.MS_SHARED | unix.MS_REC, "shared:"},
		"private": {unix.MS_PRIVATE, ""}, "rprivate": {unix.MS_PRIVATE | unix.MS_REC, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/tmp", Propagation: tc.flags}
			tags := world(t, inside(tree(t, nil), s)...).mount(t, "/tmp").tags
			if (tc.tag == "") != (tags == "") || !strings.Contains(tags, tc.tag) {
				t.Errorf("it is %q, want %q", tags, tc.tag)
			}
		})
	}
}

func TestMountAccessTimes(t *testing.T) {
	s := step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/tmp", Attr: unix.MOUNT_ATTR_NOATIME}
	if m := world(t, inside(tree(t, nil), s)...).mount(t, "/tmp"); !has(m.options, "noatime") {
		t.Errorf("it is mounted %s, want noatime", m.options)
	}
}

// TestPlainMountRefusesSymlinks: a /proc that is a link, or has one on the way, would put the mount elsewhere (CVE-2019-19921).
func TestPlainMountRefusesSymlinks(t *testing.T) {
	for name, rootfs := range map[string]map[string]string{
		"the last name": {"proc": "-> elsewhere", "elsewhere/": ""},
		"on the way":    {"a": "-> b", "b/proc/": ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/proc", Plain: true}
			if rootfs["a"] != "" {
				s.Dest = "/a/proc"
			}
			_, err := start(t, newWorld, nil, append(asRoot(), inside(tree(t, rootfs), s)...)...)
			wantErrno(t, err, s.String(), unix.ELOOP)
		})
	}
}

func TestDevice(t *testing.T) {
	for name, rootfs := range map[string]map[string]string{
		"no directory": nil,
		"no file":      {"dev/": ""},
		"a file":       {"dev/null": "was here"},
		"a link":       {"dev/null": "-> other", "dev/other": ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := world(t, inside(tree(t, rootfs), step.Device{Source: "/dev/null", Dest: "/dev/null"})...)
			at := "/dev/null"
			if name == "a link" {
				at = "/dev/other"
			}
			var want, got unix.Stat_t
			if err := unix.Stat("/dev/null", &want); err != nil {
				t.Fatal(err)
			}
			if err := unix.Stat(c.path(at), &got); err != nil || got.Rdev != want.Rdev || got.Mode != want.Mode {
				t.Errorf("%s is device %#x, mode %#o (%v)", at, got.Rdev, got.Mode, err)
			}
		})
	}
}

func TestSymlink(t *testing.T) {
	for name, tc := range map[string]struct {
		rootfs map[string]string
		want   string
	}{
		"new":         {nil, "/proc/self/fd"},
		"there":       {map[string]string{"dev/fd": "-> 13"}, "13"},
		"another dir": {map[string]string{"dev": "-> d", "d/": ""}, "/proc/self/fd"},
	} {
		t.Run(name, func(t *testing.T) {
			rootfs := tree(t, tc.rootfs)
			world(t, inside(rootfs, step.Symlink{Target: "/proc/self/fd", Path: "/dev/fd"})...)
			if got, err := os.Readlink(filepath.Join(rootfs, "dev/fd")); got != tc.want {
				t.Errorf("the link leads to %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}
