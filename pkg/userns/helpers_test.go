package userns

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTrouble(t *testing.T) {
	uid := helper{name: "newuidmap", path: "/usr/bin/newuidmap", setuid: true}
	gid := helper{name: "newgidmap", path: "/usr/bin/newgidmap", caps: true}
	free := privilege{setuid: true, setgid: true}
	for _, c := range []struct {
		name     string
		uid, gid helper
		p        privilege
		want     string
	}{
		{"fine", uid, gid, free, ""},
		{"missing", helper{name: "newuidmap"}, gid, free, "newuidmap is not installed"},
		{"one missing", uid, helper{name: "newgidmap"}, free, "newgidmap is not installed"},
		{"plain file", uid, helper{name: "newgidmap", path: "/usr/bin/newgidmap"}, free,
			"/usr/bin/newgidmap is neither setuid root nor has file capabilities"},
		{"nosuid", helper{path: "/usr/bin/newuidmap", setuid: true, nosuid: true}, gid, free, "/usr/bin/newuidmap is on a mount with nosuid"},
		{"no_new_privs", uid, gid, privilege{noNewPrivs: true, setuid: true, setgid: true},
			"no_new_privs is set, so newuidmap cannot gain its privilege"},
		{"no CAP_SETUID", uid, gid, privilege{setgid: true}, "CAP_SETUID is not in the bounding set, so newuidmap cannot gain its privilege"},
		{"no CAP_SETGID", uid, gid, privilege{setuid: true}, "CAP_SETGID is not in the bounding set, so newgidmap cannot gain its privilege"},
	} {
		if got := trouble(c.uid, c.gid, c.p); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLook(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	write := func(path string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(one, "plain"), 0o644)
	write(filepath.Join(two, "plain"), 0o755)
	if err := os.Mkdir(filepath.Join(one, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	dirs := []string{"", ".", "relative", one, two}
	if h := look("plain", dirs); h.path != filepath.Join(two, "plain") || h.setuid || h.caps {
		t.Errorf("plain: %+v", h)
	}
	for _, name := range []string{"dir", "absent"} {
		if h := look(name, dirs); h.path != "" {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func BenchmarkFindHelpers(b *testing.B) {
	for b.Loop() {
		_ = FindHelpers()
	}
}
