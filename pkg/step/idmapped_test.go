package step_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/step"
)

// TestIDMappedMount with the one id that this test has; the end-to-end tests have more.
func TestIDMappedMount(t *testing.T) {
	m := idmap.One(0, 0)
	s := step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/tmp", Data: "mode=777", Flags: unix.MS_NODEV, UIDMap: m, GIDMap: m}
	c := world(t, inside(tree(t, nil), s, step.Symlink{Target: "x", Path: "/tmp/link"})...)
	if got := c.mount(t, "/tmp"); !has(got.options, "idmapped") || !has(got.options, "nodev") {
		t.Errorf("mounted %s", got.options)
	}
	var st unix.Stat_t
	if err := unix.Lstat(c.path("/tmp/link"), &st); err != nil || int(st.Uid) != os.Getuid() {
		t.Errorf("it belongs to %d (%v)", st.Uid, err)
	}
}
