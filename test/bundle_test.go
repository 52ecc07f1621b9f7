package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// A change makes a config.json out of what `urun spec` wrote.
type change func(*specs.Spec)

// bundle makes a bundle: the test root file system and urun's own default config, without a terminal and
// with a writable root. It gives the bundle's directory.
func (c *caller) bundle(changes ...change) string {
	c.t.Helper()
	c.bundles++
	dir := filepath.Join(c.dir, fmt.Sprintf("bundle%d", c.bundles))
	c.rootfs = append(c.rootfs, makeRootfs(c.t, filepath.Join(dir, "rootfs")))
	c.must("spec", "--rootless", "-b", dir)
	s := readSpec(c.t, dir)
	s.Process.Terminal, s.Root.Readonly = false, false
	s.Process.Args = []string{"/inside", "id"}
	for _, change := range changes {
		change(s)
	}
	writeSpec(c.t, dir, s)
	return dir
}

// defaults is what spec writes.
func (c *caller) defaults() *specs.Spec {
	c.t.Helper()
	c.bundles++
	dir := filepath.Join(c.dir, fmt.Sprintf("bundle%d", c.bundles))
	if err := os.Mkdir(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	c.must("spec", "--rootless", "-b", dir)
	return readSpec(c.t, dir)
}

// unfiltered takes the default filter of system calls out.
func unfiltered(s *specs.Spec) { s.Linux.Seccomp = nil }

// makeRootfs makes a root file system with nothing in it but the test program, as /inside and /bin/inside. It is a copy:
// the inode tells which processes are of this test.
func makeRootfs(t *testing.T, dir string) string {
	t.Helper()
	program, err := os.ReadFile(insidePath)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "bin"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "inside"), program, 0o755)
	}
	if err == nil {
		err = os.Link(filepath.Join(dir, "inside"), filepath.Join(dir, "bin", "inside"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readSpec(t *testing.T, dir string) *specs.Spec {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "config.json"))
	s := &specs.Spec{}
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func writeSpec(t *testing.T, dir string, s *specs.Spec) {
	t.Helper()
	raw, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "config.json"), string(raw))
}

// writeFile writes a file, with the directories it needs.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inside makes the container's process ask these verbs.
func inside(words string) change {
	return func(s *specs.Spec) { s.Process.Args = append([]string{"/inside"}, strings.Fields(words)...) }
}

// args makes the container's process this.
func args(words ...string) change {
	return func(s *specs.Spec) { s.Process.Args = words }
}

func user(uid, gid uint32, groups ...uint32) change {
	return func(s *specs.Spec) {
		s.Process.User.UID, s.Process.User.GID, s.Process.User.AdditionalGids = uid, gid, groups
	}
}

func mounted(m ...specs.Mount) change {
	return func(s *specs.Spec) { s.Mounts = append(s.Mounts, m...) }
}

// bind is a bind mount as most people write it.
func bind(source, destination string, options ...string) specs.Mount {
	return specs.Mount{Source: source, Destination: destination, Type: "bind", Options: append([]string{"bind"}, options...)}
}

// withoutMount drops the mount at that destination.
func withoutMount(destination string) change {
	return func(s *specs.Spec) {
		s.Mounts = slices.DeleteFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == destination })
	}
}

// namespace asks for a namespace of its own, or for the one at path.
func namespace(kind specs.LinuxNamespaceType, path string) change {
	return func(s *specs.Spec) {
		withoutNamespace(kind)(s)
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: kind, Path: path})
	}
}

func withoutNamespace(kind specs.LinuxNamespaceType) change {
	return func(s *specs.Spec) {
		s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind })
	}
}

// maps sets both id maps to the same lines.
func maps(lines ...specs.LinuxIDMapping) change {
	return func(s *specs.Spec) { s.Linux.UIDMappings, s.Linux.GIDMappings = lines, lines }
}

func line(container, host, size uint32) specs.LinuxIDMapping {
	return specs.LinuxIDMapping{ContainerID: container, HostID: host, Size: size}
}

// singleMap maps container 0 to the caller and nothing else, and drops what needs more.
func singleMap(s *specs.Spec) {
	s.Linux.UIDMappings = []specs.LinuxIDMapping{line(0, uint32(os.Getuid()), 1)}
	s.Linux.GIDMappings = []specs.LinuxIDMapping{line(0, uint32(os.Getgid()), 1)}
	for i := range s.Mounts {
		s.Mounts[i].Options = slices.DeleteFunc(s.Mounts[i].Options, func(o string) bool { return strings.HasPrefix(o, "gid=") })
	}
}
