package test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// inner makes a container in which urun, as root of one id, can run the bundle at /bundle.
func inner(dir string, words ...string) change {
	return func(s *specs.Spec) {
		mounted(bind(urunPath, "/urun", "bind", "ro"), bind(dir, "/bundle", "bind"),
			specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs"})(s)
		s.Process.Args, s.Linux.Seccomp = words, nil // the default filter lets nobody make user namespaces
		s.Process.Env = append(s.Process.Env, "XDG_RUNTIME_DIR=/tmp")
	}
}

func TestUrunInsideUrun(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("id -- uidmap -- hostname -- exit 4"))
	c.run(inner(dir, "/urun", "run", "-b", "/bundle", "within")).exits(4).mentions("uid=0 gid=0", "         0          0          1")
	c.nothingLeft()
}

func TestUrunInsideUrunWithoutMaskedPathsHasAProcOfItsOwn(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("pids"))
	c.run(inner(dir, "/urun", "run", "-b", "/bundle", "within"), func(s *specs.Spec) {
		s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = nil, nil
	}).exits(0).prints("1")
}

// TestUrunInsideUrunWithTheDefaultFilter: who is stopped by the filter is told so.
func TestUrunInsideUrunWithTheDefaultFilter(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("id"))
	filter := c.defaults().Linux.Seccomp
	c.run(inner(dir, "/urun", "run", "-b", "/bundle", "within"), seccomp(*filter)).refuses(1, "seccomp filter", "urun spec --no-seccomp")
}

func TestUrunInsideUnshare(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("id -- lo"))
	c.launchCommand(nil, urunPath, "unshare", urunPath, "run", "-b", dir, c.id).wait().exits(0).mentions("uid=0 gid=0", "lo is up")
	c.nothingLeft()
}

func TestUrunInsideBwrap(t *testing.T) {
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Fatal("bwrap is missing: hack/setup.sh --test installs it")
	}
	c := newCaller(t)
	dir := c.bundle(inside("id -- lo"))
	c.wrap = []string{"bwrap", "--unshare-user", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc"}
	c.urun("run", "-b", dir, c.id).exits(0).mentions("uid=0 gid=0", "lo is up").complains("URUN-ID-001")
	c.nothingLeft()
}

// The namespaces of one container, joined by path by another, as the containers of a pod do.
func TestTwoContainersShareNamespaces(t *testing.T) {
	c := newCaller(t)
	first := c.detached(withNamespace(specs.NetworkNamespace), inside("forever"), func(s *specs.Spec) { s.Hostname = "shared" })
	own := filepath.Join("/proc", pidOf(c, first), "ns")
	shared := func(s *specs.Spec) {
		s.Linux.UIDMappings, s.Linux.GIDMappings, s.Hostname = nil, nil, ""
		for kind, file := range map[specs.LinuxNamespaceType]string{
			specs.UserNamespace: "user", specs.NetworkNamespace: "net", specs.IPCNamespace: "ipc", specs.UTSNamespace: "uts",
		} {
			namespace(kind, filepath.Join(own, file))(s)
		}
	}
	c.urun("run", "-b", c.bundle(shared, inside("hostname -- lo -- id")), c.id+"b").exits(0).mentions("shared", "lo is up", "uid=0")
	c.must("delete", "--force", first)
	c.nothingLeft()
}

// withNamespace adds a new namespace where the config has none of the kind.
func withNamespace(kind specs.LinuxNamespaceType) change {
	return func(s *specs.Spec) {
		withoutNamespace(kind)(s)
		namespace(kind, "")(s)
	}
}
