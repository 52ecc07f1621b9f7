//go:build vm

package vm

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheUsersManagerAnswersOnTheSessionBus(t *testing.T) {
	s := newSession(t)
	version := s.must("busctl", "--user", "get-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "Version")
	if !strings.HasPrefix(version, `s "2`) {
		t.Errorf("version is %s", version)
	}
	if limit := s.must("systemd-run", "--user", "--scope", "--quiet", "-p", "MemoryMax=50M", "sh", "-c",
		`cat "/sys/fs/cgroup$(cut -d : -f 3 /proc/self/cgroup)/memory.max"`); limit != "52428800" {
		t.Errorf("memory.max in a scope with MemoryMax=50M is %s", limit)
	}
}

// The tests themselves run in a scope of the user's manager, so that what they start may make cgroups of its own.
func TestTheTestsRunInACgroupOfTheirOwn(t *testing.T) {
	newSession(t)
	line, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	dir := "/sys/fs/cgroup" + strings.TrimSpace(strings.TrimPrefix(string(line), "0::"))
	if err := os.Mkdir(dir+"/child", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/child"); err != nil {
		t.Error(err)
	}
}

func TestAllControllersAreDelegated(t *testing.T) {
	have := newSession(t).delegated()
	for _, want := range []string{"cpuset", "cpu", "io", "memory", "pids"} {
		if !slices.Contains(have, want) {
			t.Errorf("no %s among %v", want, have)
		}
	}
}

func TestPlainDelegationIsDebians(t *testing.T) {
	if have := newSession(t).delegated(); !slices.Equal(have, []string{"cpu", "memory", "pids"}) {
		t.Errorf("delegated are %v", have)
	}
}
