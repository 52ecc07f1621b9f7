package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func readonlyRoot(yes bool) change { return func(s *specs.Spec) { s.Root.Readonly = yes } }

func TestRootIsTheRootfs(t *testing.T) {
	r := newCaller(t).run(inside("ls / -- cwd -- mounts")).exits(0)
	if strings.Contains(r.stdout, "urun-test-") || strings.Contains(r.stdout, "home") {
		t.Errorf("the host shows through\n%s", r)
	}
}

func TestReadonlyRoot(t *testing.T) {
	c := newCaller(t)
	c.run(readonlyRoot(true), inside("write /new text")).exits(1).complains("read-only file system")
	c.run(inside("write /new text -- cat /new")).exits(0).prints("text")
}

// TestReadonlyRootIsPopulated: what has to be made in it, so that something can be mounted on it, does not keep it from becoming
// read-only.
func TestReadonlyRootIsPopulated(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/data", "bound")
	dir := c.bundle(readonlyRoot(true), mounted(bind(c.dir+"/data", "/link")), inside("cat /link -- device /dev/null -- write /new x"),
		withoutMount("/dev"), withoutMount("/dev/pts"), withoutMount("/dev/shm"), withoutMount("/dev/mqueue"))
	if err := os.Symlink("made", dir+"/rootfs/link"); err != nil {
		t.Fatal(err)
	}
	c.urun("run", "-b", dir, c.id).exits(1).mentions("bound1:3").complains("read-only file system")
}

func TestRootfsMayBeAnAbsolutePathElsewhere(t *testing.T) {
	c := newCaller(t)
	other := makeRootfs(t, filepath.Join(c.dir, "elsewhere"))
	c.rootfs = append(c.rootfs, other)
	writeFile(t, other+"/mark", "elsewhere\n")
	c.run(func(s *specs.Spec) { s.Root.Path = other }, inside("cat /mark")).exits(0).prints("elsewhere")
}

func TestDefaultDevices(t *testing.T) {
	c := newCaller(t)
	for node, numbers := range map[string]string{
		"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0",
	} {
		c.run(inside("type /dev/"+node+" -- device /dev/"+node)).exits(0).prints("char", numbers)
	}
	c.run(inside("write /dev/null gone -- size /dev/null -- mode /dev/null")).exits(0).prints("0", "0666")
}

func TestDefaultLinksInDev(t *testing.T) {
	newCaller(t).run(inside("readlink /dev/fd -- readlink /dev/stdin -- readlink /dev/stdout -- readlink /dev/stderr -- readlink /dev/ptmx")).
		exits(0).prints("/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "pts/ptmx")
}

func TestDefaultMounts(t *testing.T) {
	r := newCaller(t).run(inside("mounts /proc -- mounts /dev -- mounts /dev/pts -- mounts /dev/shm -- mounts /dev/mqueue -- mounts /sys")).exits(0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	for i, want := range []string{"type=proc", "type=tmpfs", "type=devpts", "type=tmpfs", "type=mqueue", "type=sysfs"} {
		if !strings.HasPrefix(lines[i], want+" ") {
			t.Errorf("want %s in line %d\n%s", want, i, r)
		}
	}
}

func TestMaskedPathsAreEmpty(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("size /secret-file -- ls /secret-dir -- write /secret-file x"), func(s *specs.Spec) {
		s.Linux.MaskedPaths = append(s.Linux.MaskedPaths, "/secret-file", "/secret-dir", "/not-there")
	})
	writeFile(t, dir+"/rootfs/secret-file", "secret")
	writeFile(t, dir+"/rootfs/secret-dir/file", "secret")
	r := c.urun("run", "-b", dir, c.id).mentions("0\n\n")
	if got := readFile(t, dir+"/rootfs/secret-file"); got != "secret" || strings.Contains(r.stdout, "file") {
		t.Errorf("mask of a file: it holds %q\n%s", got, r)
	}
}

func TestReadonlyPathsCannotBeWritten(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("write /frozen/file x -- write /free x"), func(s *specs.Spec) {
		s.Linux.ReadonlyPaths = append(s.Linux.ReadonlyPaths, "/frozen", "/not-there")
	})
	writeFile(t, dir+"/rootfs/frozen/file", "as it was")
	r := c.urun("run", "-b", dir, c.id).exits(1).complains("/frozen/file", "read-only file system")
	if strings.Contains(r.stderr, "/free") || readFile(t, dir+"/rootfs/frozen/file") != "as it was" {
		t.Errorf("%s", r)
	}
	c.run(inside("mounts /proc/sys")).exits(0).mentions("options=ro")
}

func TestBindMounts(t *testing.T) {
	c := newCaller(t)
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "from the host\n")
	c.run(mounted(bind(data, "/new/deep/dir"), bind(data+"/file", "/new/deep/file")),
		inside("cat /new/deep/dir/file -- cat /new/deep/file -- write /new/deep/dir/back hello")).
		exits(0).prints("from the host", "from the host")
	if got := readFile(t, data+"/back"); got != "hello" {
		t.Errorf("the host sees %q", got)
	}
	c.run(mounted(bind(data, "/data", "ro")), inside("write /data/file no")).exits(1).complains("read-only file system")
	c.run(mounted(bind(data, "/data", "nosuid", "nodev", "noexec")), inside("mounts /data")).
		exits(0).mentions("nosuid", "nodev", "noexec")
	c.run(mounted(bind(data+"/missing", "/data"))).refuses(1, data+"/missing", "no such file or directory")
}

func TestBindMountOfAReadonlyTreeInAReadonlyRoot(t *testing.T) {
	c := newCaller(t)
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "x")
	dir := c.bundle(readonlyRoot(true), mounted(bind(data, "/data", "rbind")), inside("write /data/file y -- write /other z"))
	c.urun("run", "-b", dir, c.id).exits(1).complains("/other")
	if got := readFile(t, data+"/file"); got != "y" {
		t.Errorf("a read-only root made the bind mount read-only: %q", got)
	}
}

func TestTmpfsOptions(t *testing.T) {
	tmp := specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "noexec", "mode=0750", "size=64k"}}
	newCaller(t).run(mounted(tmp), inside("mode /tmp -- mounts /tmp -- write /tmp/x ok -- cat /tmp/x")).
		exits(0).mentions("0750", "noexec", "size=64k", "ok")
}

func TestMountPropagation(t *testing.T) {
	c := newCaller(t)
	if r := c.run(inside("mounts /")).exits(0); strings.Contains(r.stdout, "shared") { // of the host's there may be a slave
		t.Errorf("%s", r)
	}
	data := filepath.Join(c.dir, "data")
	writeFile(t, data+"/file", "")
	c.run(mounted(bind(data, "/data", "rshared")), inside("mounts /data")).exits(0).mentions("propagation=shared:")
	c.run(mounted(bind(data, "/data", "rprivate")), inside("mounts /data")).exits(0).mentions("propagation= ")
}

func TestRootfsPropagationSlave(t *testing.T) {
	newCaller(t).run(func(s *specs.Spec) { s.Linux.RootfsPropagation = "rslave" }, inside("print ok")).exits(0).prints("ok")
}

func TestUnknownMountOptionIsNamed(t *testing.T) {
	bad := specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nonsense=1"}}
	newCaller(t).run(mounted(bad)).refuses(1, "/tmp")
}

// canary makes a directory on the host that no container may change, and a check that none did.
func (c *caller) canary() (dir string, check func()) {
	dir = filepath.Join(c.dir, "canary")
	writeFile(c.t, dir+"/file", "alive")
	before, err := os.Stat(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	return dir, func() {
		c.t.Helper()
		names, _ := filepath.Glob(dir + "/*")
		after, err := os.Stat(dir)
		if err != nil || len(names) != 1 || readFile(c.t, dir+"/file") != "alive" || !after.ModTime().Equal(before.ModTime()) || after.Mode() != before.Mode() {
			c.t.Errorf("the container reached the host: %s holds %v (%v)", dir, names, err)
		}
	}
}

func TestMountDestinationsStayInTheRoot(t *testing.T) {
	data := func(c *caller) string {
		writeFile(t, c.dir+"/data/new", "evil")
		return c.dir + "/data"
	}
	for name, links := range map[string]func(rootfs, canary string) error{
		"absolute link":         func(r, canary string) error { return os.Symlink(canary, r+"/dst") },
		"relative link upwards": func(r, canary string) error { return os.Symlink("../../canary", r+"/dst") },
		"link in the middle":    func(r, canary string) error { return os.Symlink(filepath.Dir(canary), r+"/dst") },
		"chain of links": func(r, canary string) error {
			_ = os.Symlink(canary, r+"/second")
			return os.Symlink("/second", r+"/dst")
		},
		"link through proc root": func(r, canary string) error { return os.Symlink("/proc/1/root"+canary, r+"/dst") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			canary, check := c.canary()
			for _, dst := range []string{"/dst", "/dst/canary", "/dst/new/deeper", "/dst/file"} {
				dir := c.bundle(mounted(bind(data(c), dst)), inside("print ok"))
				if err := links(dir+"/rootfs", canary); err != nil {
					t.Fatal(err)
				}
				c.urun("run", "-b", dir, c.id) // to run or to refuse are both fine
				c.urun("delete", "-f", c.id)
				check()
			}
		})
	}
}

// TestFilesAreMountedOnLinksToNothing: distributions have such links for files that engines bind, such as /etc/resolv.conf.
func TestFilesAreMountedOnLinksToNothing(t *testing.T) {
	c := newCaller(t)
	canary, check := c.canary()
	writeFile(t, c.dir+"/data", "bound")
	for _, link := range []string{"../run/not/there", "/there", canary + "/new"} {
		dir := c.bundle(mounted(bind(c.dir+"/data", "/etc/file")), inside("cat /etc/file"))
		if err := os.Mkdir(dir+"/rootfs/etc", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link, dir+"/rootfs/etc/file"); err != nil {
			t.Fatal(err)
		}
		c.urun("run", "-b", dir, c.id).exits(0).prints("bound")
		check()
	}
}

func TestDevAsASymlinkLeavesTheHostAlone(t *testing.T) {
	for _, withTmpfs := range []bool{true, false} {
		c := newCaller(t)
		canary, check := c.canary()
		changes := []change{inside("print ok")}
		if !withTmpfs {
			for _, m := range []string{"/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"} {
				changes = append(changes, withoutMount(m))
			}
		}
		dir := c.bundle(changes...)
		if err := os.Symlink(canary, dir+"/rootfs/dev"); err != nil {
			t.Fatal(err)
		}
		c.urun("run", "-b", dir, c.id)
		check()
	}
}

func TestProcAsASymlinkIsRefusedOrStaysInside(t *testing.T) {
	c := newCaller(t)
	canary, check := c.canary()
	for _, target := range []string{canary, "/evil"} {
		dir := c.bundle(inside("print ok"))
		if err := os.Mkdir(dir+"/rootfs/evil", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, dir+"/rootfs/proc"); err != nil {
			t.Fatal(err)
		}
		c.urun("run", "-b", dir, c.id).refuses(1, "proc")
		check()
	}
	c.nothingLeft()
}

func TestMaskedPathThroughASymlinkStaysInside(t *testing.T) {
	c := newCaller(t)
	canary, check := c.canary()
	dir := c.bundle(inside("print ok"), func(s *specs.Spec) {
		s.Linux.MaskedPaths = append(s.Linux.MaskedPaths, "/link/file", "/link")
		s.Linux.ReadonlyPaths = append(s.Linux.ReadonlyPaths, "/link")
	})
	if err := os.Symlink(canary, dir+"/rootfs/link"); err != nil {
		t.Fatal(err)
	}
	c.urun("run", "-b", dir, c.id)
	check()
}
