package test

import (
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// exchanging swaps two names without end, as a hostile neighbour with the same volume does, until the test ends.
func exchanging(t *testing.T, a, b string) {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err != nil {
					t.Errorf("exchange: %v", err)
					return
				}
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
}

// CVE-2021-30465, CVE-2024-45310: what a destination leads to changes between one look and the next.
func TestDestinationsThatChangeMeanwhileStayInTheRoot(t *testing.T) {
	c := newCaller(t)
	canary, check := c.canary()
	tmpfs := func(dst string) change { return mounted(specs.Mount{Destination: dst, Type: "tmpfs", Source: "tmpfs"}) }
	writeFile(t, c.dir+"/data/new", "evil")
	dir := c.bundle(mounted(bind(c.dir+"/data", "/vol/dst/a/b")), mounted(bind(c.dir+"/data/new", "/vol/dst/file")), tmpfs("/vol/dst/c/d"),
		inside("print ok"))
	vol := dir + "/rootfs/vol"
	if err := os.MkdirAll(vol+"/dst", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(canary, vol+"/evil"); err != nil {
		t.Fatal(err)
	}
	exchanging(t, vol+"/dst", vol+"/evil")
	for range 60 {
		c.urun("run", "-b", dir, c.id) // to run or to refuse are both fine
		check()
	}
	c.nothingLeft()
}

// CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc is now a directory, now a link.
func TestProcThatIsExchangedMeanwhileIsProcOrNothing(t *testing.T) {
	c := newCaller(t)
	canary, check := c.canary()
	dir := c.bundle(inside("readlink /proc/self/exe"))
	rootfs := dir + "/rootfs"
	if err := os.Mkdir(rootfs+"/proc", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(canary, rootfs+"/evil"); err != nil {
		t.Fatal(err)
	}
	exchanging(t, rootfs+"/proc", rootfs+"/evil")
	for range 60 {
		if r := c.urun("run", "-b", dir, c.id); r.code == 0 && strings.TrimSpace(r.stdout) != "/inside" {
			t.Errorf("it ran without its /proc\n%s", r)
		}
		check()
	}
	c.nothingLeft()
}

// CVE-2019-18837: files of the container that urun itself reads are read inside.
func TestThePasswdOfTheHostIsNotRead(t *testing.T) {
	c := newCaller(t)
	writeFile(t, c.dir+"/passwd", "root:x:0:0::/stolen:/bin/sh\n")
	for _, target := range []string{c.dir + "/passwd", "../../passwd", "/proc/self/cwd/../passwd"} {
		dir := c.bundle(inside("env HOME"), process(func(p *specs.Process) { p.Env = nil }))
		if err := os.MkdirAll(dir+"/rootfs/etc", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, dir+"/rootfs/etc/passwd"); err != nil {
			t.Fatal(err)
		}
		if r := c.urun("run", "-b", dir, c.id).exits(0); strings.Contains(r.stdout, "stolen") {
			t.Errorf("through %s\n%s", target, r)
		}
	}
}
