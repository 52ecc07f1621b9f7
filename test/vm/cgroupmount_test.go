//go:build vm

package vm

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestPlainCgroupMount: a container that may write its cgroups makes some below its own and shares out there; its own limits, and what
// is above, it can neither change nor see (CVE-2023-25809).
func TestPlainCgroupMount(t *testing.T) {
	s := newSession(t)
	writable := func(spec *specs.Spec) {
		limits(spec)
		spec.Mounts = append(spec.Mounts, specs.Mount{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"nosuid", "noexec", "nodev"}})
	}
	st := s.running("writer", "forever", writable)
	in := func(words string) result {
		return s.run(append([]string{s.urun, "exec", "writer", "/inside"}, strings.Fields(words)...)...)
	}
	if r := in("mkdir /sys/fs/cgroup/mine -- cat /sys/fs/cgroup/mine/cgroup.events"); r.code != 0 || !strings.Contains(r.stdout, "populated 0") {
		t.Errorf("a cgroup of its own: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	for _, file := range []string{"memory.max", "pids.max", "cpu.max", "memory.swap.max"} {
		if r := in("write /sys/fs/cgroup/" + file + " max"); r.code == 0 {
			t.Errorf("it lifts its own %s", file)
		}
	}
	s.holds(st, map[string]string{"memory.max": "67108864", "pids.max": "50"})
	if r := in("ls /sys/fs/cgroup/.. -- cat /proc/self/cgroup"); strings.Contains(r.stdout, "app.slice") || strings.Contains(r.stdout, "container") {
		t.Errorf("it sees what is above: %q", r.stdout)
	}
	if got := s.must(s.urun, "exec", "--cgroup", "mine", "writer", "/inside", "cat", "/proc/self/cgroup"); got != "0::/mine" {
		t.Errorf("exec --cgroup mine is in %q", got)
	}
	s.must(s.urun, "delete", "--force", "writer")
	s.gone(st.Cgroup.Unit, st.Cgroup.Path)
}

// TestPlainUnitProperties: annotations set what cannot reach past the container's own unit, and nothing else.
func TestPlainUnitProperties(t *testing.T) {
	s := newSession(t)
	annotated := func(key, value string) func(*specs.Spec) {
		return func(spec *specs.Spec) { spec.Annotations = map[string]string{"org.systemd.property." + key: value} }
	}
	st := s.running("annotated", "forever", annotated("MemoryHigh", "uint64 50331648"))
	if got := s.must("systemctl", "--user", "show", "-P", "MemoryHigh", st.Cgroup.Unit); got != "50331648" {
		t.Errorf("MemoryHigh is %s", got)
	}
	s.must(s.urun, "update", "--memory", "64m", "annotated")
	s.holds(st, map[string]string{"memory.max": "67108864"})
	for key, value := range map[string]string{"ExecStart": "'/bin/true'", "Slice": "'system.slice'", "MemoryMax": "'much'", "OnFailure": "['x.service']"} {
		s = newSession(t)
		r := s.run(s.urun, "run", "--bundle", s.bundle("id", annotated(key, value)), "refused")
		if r.code != 1 || !strings.Contains(r.stderr, "annotation org.systemd.property."+key) {
			t.Errorf("%s: exit code %d, %q", key, r.code, r.stderr)
		}
	}
}

// TestPlainPrivateSocket: without a session bus systemd is asked over its own socket, for all of a container's life.
func TestPlainPrivateSocket(t *testing.T) {
	s := newSession(t)
	dir := s.bundle("forever", limits)
	script := `set -e
mkdir "$2/systemd"
ln -s "$XDG_RUNTIME_DIR/systemd/private" "$2/systemd/private"
export XDG_RUNTIME_DIR="$2" DBUS_SESSION_BUS_ADDRESS=
"$0" --systemd-cgroup run --detach --bundle "$1" private </dev/null >/dev/null
trap '"$0" delete --force private' EXIT
"$0" update --pids-limit 30 private
"$0" exec private /inside cat /proc/self/cgroup
"$0" state private`
	r := s.run("sh", "-c", script, s.urun, dir, t.TempDir())
	if r.code != 0 || !strings.HasPrefix(r.stdout, "0::/\n") || !strings.Contains(r.stdout, `"unit": "urun-private.scope"`) ||
		!strings.Contains(r.stdout, `"got": "30"`) {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	if got := s.run("systemctl", "--user", "is-active", "urun-private.scope").stdout; got != "inactive" {
		t.Errorf("the scope is %s", got)
	}
}
