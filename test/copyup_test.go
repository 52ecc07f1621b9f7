package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// copied is a container whose /etc is a tmpfs that began with what the rootfs has there.
func (c *caller) copied(prepare func(etc string), words string, options ...string) result {
	c.t.Helper()
	m := specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: append([]string{"tmpcopyup"}, options...)}
	dir := c.bundle(mounted(m), inside(words))
	if prepare != nil {
		prepare(filepath.Join(dir, "rootfs", "etc"))
	}
	return c.urun("run", "-b", dir, c.id)
}

func TestTmpcopyup(t *testing.T) {
	c := newCaller(t)
	var rootfs string
	r := c.copied(func(etc string) {
		rootfs = filepath.Dir(etc)
		writeFile(t, etc+"/a/b/deep", "deep down\n")
		writeFile(t, etc+"/plain", "plain\n")
		old := time.Unix(1000000000, 0)
		for _, err := range []error{
			os.Symlink("/nowhere/else", etc+"/link"), os.Symlink(c.dir, etc+"/out"), os.Link(etc+"/plain", etc+"/second"),
			unix.Mkfifo(etc+"/fifo", 0o640), os.WriteFile(etc+"/empty", nil, 0o600),
			unix.Chmod(etc+"/plain", 0o4755), unix.Chmod(etc+"/a", 0o1777), os.Chmod(etc, 0o711), os.Chtimes(etc+"/plain", old, old),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}, "ls /etc -- cat /etc/a/b/deep -- cat /etc/plain -- readlink /etc/link -- readlink /etc/out -- type /etc/fifo -- mode /etc/plain "+
		"-- mode /etc/second -- mode /etc/a -- mode /etc/fifo -- mode /etc/empty -- mode /etc -- write /etc/new x -- write /etc/second changed -- cat /etc/plain").exits(0).silent()
	r.prints("a empty fifo link out plain second", "deep down", "plain", "/nowhere/else", c.dir, "fifo", "4755", "4755", "1777", "0640", "0600", "0711", "changed")
	if _, err := os.Lstat(rootfs + "/etc/new"); err == nil || readFile(t, rootfs+"/etc/plain") != "plain\n" {
		t.Error("the rootfs itself was written to")
	}
}

// TestTmpcopyupKeepsOwners: the ids of the container, which only its user namespace can give.
func TestTmpcopyupKeepsOwners(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("owner /etc/file -- owner /etc/dir -- owner /etc/link -- mode /etc/file -- owner /etc"), func(s *specs.Spec) {
		s.Mounts = append(s.Mounts, specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}})
	})
	etc := dir + "/rootfs/etc"
	writeFile(t, etc+"/file", "x")
	writeFile(t, etc+"/dir/y", "y")
	if err := os.Symlink("x", etc+"/link"); err != nil {
		t.Fatal(err)
	}
	c.must("unshare", "/bin/sh", "-c", "cd "+etc+" && chown 5:6 file . && chown 7:8 dir && chown -h 9:10 link && chmod 2751 file")
	c.urun("run", "-b", dir, c.id).exits(0).prints("5:6", "7:8", "9:10", "2751", "5:6")
}

func TestTmpcopyupOptions(t *testing.T) {
	c := newCaller(t)
	fill := func(etc string) { writeFile(t, etc+"/file", "x") }
	r := c.copied(fill, "ls /etc -- mounts /etc -- write /etc/new y", "ro", "nosuid", "noexec", "mode=1755", "size=64k").exits(1)
	r.mentions("file\n", "mode=1755", "size=64k").complains("read-only file system")
	wants(t, lineOf(t, r).options, "ro nosuid noexec")
	c.copied(nil, "ls /etc -- mode /etc -- write /etc/new x").exits(0).prints("", "1777")
	c.copied(func(etc string) { _ = os.Mkdir(etc, 0o700) }, "ls /etc -- mode /etc").exits(0).prints("", "0700")
	c.copied(func(etc string) { writeFile(t, etc+"/big", strings.Repeat("x", 100000)) }, "print no", "size=64k").
		refuses(1, "content of /etc", "no space left on device", "tmpcopyup: big")
	c.nothingLeft()
}

// TestTmpcopyupSeesMounts: what was mounted below the directory before is part of what it holds.
func TestTmpcopyupSeesMounts(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/hosts", "of the host")
	m := specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}}
	c.run(mounted(bind(c.dir+"/hosts", "/etc/hosts"), m), inside("write /etc/hosts changed -- cat /etc/hosts")).exits(0).prints("changedhost")
	if readFile(t, c.dir+"/hosts") != "of the host" {
		t.Error("it was not a copy")
	}
}

func TestTmpcopyupWithOneID(t *testing.T) {
	c := newCaller(t)
	m := specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}}
	dir := c.bundle(singleMap, mounted(m), inside("cat /etc/file -- owner /etc/file"))
	writeFile(t, dir+"/rootfs/etc/file", "x\n")
	c.urun("run", "-b", dir, c.id).exits(0).prints("x", "0:0")
}

// TestPodmanTmpfs: podman adds tmpcopyup to each tmpfs that it makes.
func TestPodmanTmpfs(t *testing.T) {
	e := newEngine(t)
	writeFile(t, e.rootfs+"/x/file", "of the image")
	e.container("--rm --tmpfs /x", "cat /x/file -- write /x/new y -- mounts /x").exits(0).mentions("of the image", "type=tmpfs")
	e.container("--rm --mount type=tmpfs,destination=/x,tmpfs-size=64k", "ls /x -- mounts /x").exits(0).mentions("type=tmpfs", "size=64k")
	e.container("--rm --read-only", "write /tmp/new y -- cat /tmp/new -- write /run/new z -- write /new x").
		exits(1).mentions("y").complains("write /new", "read-only file system")
	e.nothingOfUrun()
}

// TestTmpcopyupInSharedNamespaces: the copying process is to be seen by those who live there already, and so must have left
// the host's tree behind.
func TestTmpcopyupInSharedNamespaces(t *testing.T) {
	c := newCaller(t)
	first := c.detached(inside("forever"))
	own := filepath.Join("/proc", pidOf(c, first), "ns")
	shared := func(s *specs.Spec) {
		s.Linux.UIDMappings, s.Linux.GIDMappings = nil, nil
		namespace(specs.UserNamespace, filepath.Join(own, "user"))(s)
		namespace(specs.PIDNamespace, filepath.Join(own, "pid"))(s)
	}
	m := specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}}
	dir := c.bundle(shared, mounted(m), inside("cat /etc/file -- mounts /etc"))
	writeFile(t, dir+"/rootfs/etc/file", "x\n")
	c.urun("run", "-b", dir, c.id+"b").exits(0).mentions("x\n", "type=tmpfs")
	c.must("delete", "--force", first)
	c.nothingLeft()
}
