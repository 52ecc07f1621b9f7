//go:build vm

package vm

import "testing"

// podman as it is installed, with its usual storage and urun for a runtime. It sets limits where it makes cgroups with
// systemd, so here it makes them itself.
func TestPodmanInASession(t *testing.T) {
	s := newSession(t)
	got := s.must("podman", "--runtime", s.urun, "--cgroup-manager", "cgroupfs", "run", "--rm", "--network", "none",
		"--rootfs", s.rootfs(), "/inside", "print", "hi")
	if got != "hi" {
		t.Errorf("it printed %q", got)
	}
}
