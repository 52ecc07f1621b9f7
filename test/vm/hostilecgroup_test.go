//go:build vm

package vm

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestPlainSilentBus: the session bus takes connections and says nothing. systemd's own socket is asked instead, and why that took
// so long is told, by run and by delete.
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
	r := silent("run", "--detach", "--bundle", dir, "deaf")
	if r.code != 0 || !strings.Contains(r.stderr, "the session bus did not answer") || !strings.Contains(r.stderr, "no answer in time") {
		t.Fatalf("exit code %d, %q", r.code, r.stderr)
	}
	w := s.watched("deaf")
	if r := silent("delete", "--force", "deaf"); r.code != 0 {
		t.Errorf("delete: exit code %d, %q", r.code, r.stderr)
	}
	s.gone(w.Cgroup.Unit, w.Cgroup.Path)
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
