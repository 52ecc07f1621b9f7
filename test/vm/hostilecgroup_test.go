//go:build vm

package vm

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestPlainSilentBus: a session bus that takes connections and says nothing does no harm where systemd's own socket is there. Where
// it is silent too that is told, in time: without a cgroup there is a notice, and what was asked for by name is refused.
func TestPlainSilentBus(t *testing.T) {
	s := newSession(t)
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // the kernel accepts, and nobody reads
	dir := s.bundle("forever", limits)
	silent := func(words ...string) result {
		return s.run(append([]string{"env", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + path, s.urun}, words...)...)
	}
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", "deaf") })
	if r := silent("run", "--detach", "--bundle", dir, "deaf"); r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, %q", r.code, r.stderr)
	}
	w := s.watched("deaf")
	if r := silent("delete", "--force", "deaf"); r.code != 0 || r.stderr != "" {
		t.Errorf("delete: exit code %d, %q", r.code, r.stderr)
	}
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)

	alone := t.TempDir()
	if err := os.Mkdir(filepath.Join(alone, "systemd"), 0o700); err != nil {
		t.Fatal(err)
	}
	private, err := net.Listen("unix", filepath.Join(alone, "systemd", "private"))
	if err != nil {
		t.Fatal(err)
	}
	defer private.Close()
	r := s.run("env", "XDG_RUNTIME_DIR="+alone, "DBUS_SESSION_BUS_ADDRESS=unix:path="+path, s.urun, "--systemd-cgroup", "run", "--bundle", dir, "deaf")
	if r.code != 1 || strings.Count(r.stderr, "no answer in time") != 2 || !strings.Contains(r.stderr, "a cgroup by systemd was asked for") {
		t.Errorf("with both silent: exit code %d, %q", r.code, r.stderr)
	}
}

// TestPlainSessionBus: where systemd's own socket cannot be reached the session bus is asked, for all of a container's life.
func TestPlainSessionBus(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", limits)
	alone := t.TempDir()
	if err := os.Mkdir(filepath.Join(alone, "systemd"), 0o700); err != nil {
		t.Fatal(err)
	}
	over := func(words ...string) result {
		address := "DBUS_SESSION_BUS_ADDRESS=unix:path=" + os.Getenv("XDG_RUNTIME_DIR") + "/bus"
		return s.run(append([]string{"env", "XDG_RUNTIME_DIR=" + alone, address, s.urun, "--systemd-cgroup"}, words...)...)
	}
	t.Cleanup(func() { over("delete", "--force", "bus") })
	for _, words := range [][]string{
		{"run", "--detach", "--bundle", dir, "bus"}, {"update", "--pids-limit", "30", "bus"}, {"exec", "bus", "/inside", "id"}, {"delete", "--force", "bus"},
	} {
		if r := over(words...); r.code != 0 || r.stderr != "" {
			t.Errorf("%s: exit code %d, %q", words[0], r.code, r.stderr)
		}
	}
	for range 300 {
		if s.run("systemctl", "--user", "is-active", "urun-bus.scope").stdout == "inactive" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the scope is left")
}

// TestPlainScopeStopped: systemd stops the scope of a container that urun attends: run ends with it, and nothing is left.
func TestPlainScopeStopped(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", limits)
	script := `"$0" run --bundle "$1" stopped >"$1/out" & run=$!
until grep -q ready "$1/out"; do sleep 0.1; done
systemctl --user stop urun-stopped.scope
wait $run
code=$?
cat "$1/out"
exit $code`
	r := s.run("sh", "-c", script, s.urun, dir)
	if r.code != 0 || !strings.Contains(r.stdout, "got TERM") || strings.Contains(r.stderr, "urun:") {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	if left := s.run(s.urun, "state", "stopped"); left.code == 0 {
		t.Errorf("a container is left: %s", left.stdout)
	}
}

// TestPlainCgroupsPathOutside: a path that leads out of the caller's own cgroup is refused where it was asked for by name, and
// else a scope takes its place, with a notice; nothing is made there.
func TestPlainCgroupsPathOutside(t *testing.T) {
	for path, want := range map[string]string{
		"../../escape": "a path with .. could lead out of the cgroups that are yours",
		"a/../../b":    "a path with .. could lead out of the cgroups that are yours",
		"/user.slice/user-1.slice/user@1.service/mine": "this cgroup belongs to somebody else",
		"/": "linux.cgroupsPath",
	} {
		t.Run(path, func(t *testing.T) {
			s := newSession(t)
			dir := s.bundle("cat /proc/self/cgroup", func(spec *specs.Spec) {
				limits(spec)
				spec.Linux.CgroupsPath = path
				spec.Linux.Namespaces = slices.DeleteFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.CgroupNamespace })
			})
			r := s.run(s.urun, "--cgroup-manager", "cgroupfs", "run", "--bundle", dir, "outside")
			if r.code != 1 || !strings.Contains(r.stderr, want) || !strings.Contains(r.stderr, "linux.cgroupsPath") {
				t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
			}
			r = s.run(s.urun, "run", "--bundle", dir, "outside")
			if r.code != 0 || !strings.HasSuffix(r.stdout, "/app.slice/urun-outside.scope/container") || !strings.Contains(r.stderr, "URUN-CG-001") {
				t.Errorf("without cgroupfs: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
			}
			if left := s.run(s.urun, "state", "outside"); left.code == 0 {
				t.Error("a container is left")
			}
		})
	}
}

// sysForms are the two ways in which a container has /sys: its own, with a network namespace, and the host's.
var sysForms = map[string]func(*specs.Spec){
	"its own /sys": func(spec *specs.Spec) {
		if !slices.ContainsFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.NetworkNamespace }) {
			spec.Linux.Namespaces = append(spec.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace})
		}
		sys(spec, specs.Mount{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}})
	},
	"the host's /sys": func(spec *specs.Spec) {
		spec.Linux.Namespaces = slices.DeleteFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.NetworkNamespace })
		sys(spec, specs.Mount{Destination: "/sys", Type: "none", Source: "/sys", Options: []string{"rbind", "nosuid", "noexec", "nodev", "ro"}})
	},
}

// sys leaves this mount in place of all that are on or below /sys.
func sys(spec *specs.Spec, m specs.Mount) {
	spec.Mounts = slices.DeleteFunc(spec.Mounts, func(m specs.Mount) bool { return strings.HasPrefix(m.Destination, "/sys") })
	spec.Mounts = append(spec.Mounts, m)
}

func withCgroupMount(options ...string) func(*specs.Spec) {
	return func(spec *specs.Spec) {
		spec.Mounts = append(spec.Mounts, specs.Mount{
			Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: append([]string{"nosuid", "noexec", "nodev", "relatime"}, options...),
		})
	}
}

// TestPlainCgroupNamespace: in both forms of /sys the container sees its own subtree as /, cannot write what is above it, and its own
// neither unless that was asked (CVE-2023-25809).
func TestPlainCgroupNamespace(t *testing.T) {
	for form, have := range sysForms {
		t.Run(form, func(t *testing.T) {
			s := newSession(t)
			st := s.running("view", "forever", func(spec *specs.Spec) { limits(spec); have(spec); withCgroupMount("ro")(spec) })
			in := func(words string) result {
				return s.run(append([]string{s.urun, "exec", "view", "/inside"}, strings.Fields(words)...)...)
			}
			if r := in("cat /proc/self/cgroup -- cat /sys/fs/cgroup/memory.max -- cat /sys/fs/cgroup/pids.max"); r.stdout != "0::/\n67108864\n50" {
				t.Errorf("it sees %q, %q", r.stdout, r.stderr)
			}
			if r := in("ls /sys/fs/cgroup"); strings.Contains(r.stdout, "user.slice") || strings.Contains(r.stdout, "container") {
				t.Errorf("it sees what is above: %q", r.stdout)
			}
			for _, try := range []string{
				"write /sys/fs/cgroup/memory.max max", "write /sys/fs/cgroup/cgroup.freeze 0", "write /sys/fs/cgroup/cgroup.procs 1",
				"mkdir /sys/fs/cgroup/mine", "write /sys/fs/cgroup/../cgroup/pids.max max",
			} {
				if r := in(try); r.code == 0 {
					t.Errorf("%s succeeds", try)
				}
			}
			if _, err := os.Stat(filepath.Join(st.Cgroup.Path, "container", "mine")); err == nil {
				t.Error("it has made a cgroup")
			}
			s.holds(st, map[string]string{"memory.max": "67108864", "pids.max": "50"})
			s.must(s.urun, "delete", "--force", "view")

			s = newSession(t)
			st = s.running("writer", "forever", func(spec *specs.Spec) { limits(spec); have(spec); withCgroupMount()(spec) })
			if r := s.run(s.urun, "exec", "writer", "/inside", "mkdir", "/sys/fs/cgroup/mine"); r.code != 0 {
				t.Errorf("where it was asked it may not: %q", r.stderr)
			}
			if r := s.run(s.urun, "exec", "writer", "/inside", "write", "/sys/fs/cgroup/memory.max", "max"); r.code == 0 {
				t.Error("it lifts its own limit")
			}
			s.holds(st, map[string]string{"memory.max": "67108864"})
		})
	}
}

// TestPlainHostsSysIsReadOnly: the host's /sys, with all of its cgroups in it, shows the user's own subtree, which the container's root,
// who is that user, could write if the mounts below were not read-only too (CVE-2023-25809).
func TestPlainHostsSysIsReadOnly(t *testing.T) {
	for name, namespaced := range map[string]bool{"with a cgroup namespace": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			st := s.running("rbind", "forever", func(spec *specs.Spec) {
				limits(spec)
				sysForms["the host's /sys"](spec)
				if !namespaced {
					spec.Linux.Namespaces = slices.DeleteFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.CgroupNamespace })
				}
			})
			above := filepath.Dir(st.Cgroup.Path)
			for _, dir := range []string{st.Cgroup.Path, filepath.Join(st.Cgroup.Path, "container"), above} {
				for _, try := range []string{"mkdir " + dir + "/mine", "write " + dir + "/cgroup.procs 1", "write " + dir + "/memory.max max", "write " + dir + "/cgroup.freeze 0"} {
					if r := s.run(append([]string{s.urun, "exec", "rbind", "/inside"}, strings.Fields(try)...)...); r.code == 0 {
						t.Errorf("%s succeeds", try)
					}
				}
			}
			s.holds(st, map[string]string{"memory.max": "67108864"})
			if r := s.run(s.urun, "exec", "rbind", "/inside", "write", "/sys/kernel/mm/transparent_hugepage/enabled", "never"); r.code == 0 {
				t.Error("it writes to /sys")
			}
		})
	}
}
