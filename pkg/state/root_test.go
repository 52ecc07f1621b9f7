package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRootOfFlag(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	dir, notice, err := Root("a/b")
	if err != nil || notice != "" || dir != filepath.Join(base, "a/b") {
		t.Fatal(dir, notice, err)
	}
	checkMode(t, dir)
	if _, _, err := Root(dir); err != nil {
		t.Error("an existing one: ", err)
	}
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"/", "/..", "file", "file/x"} {
		if _, _, err := Root(bad); err == nil {
			t.Errorf("Root(%q) is accepted", bad)
		}
	}
}

func checkMode(t *testing.T, dir string) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil || st.Mode&0o7777 != 0o1700 {
		t.Errorf("%s: mode %#o, %v", dir, st.Mode, err)
	}
}

func TestLadder(t *testing.T) {
	uid := uint32(os.Geteuid())
	base := t.TempDir()
	mk := func(name string, mode os.FileMode) string {
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	xdg, run, tmp := mk("xdg", 0o700), mk("run", 0o700), mk("tmp", 0o700)
	norun := filepath.Join(base, "norun")
	mk("run/user/"+utoa(uid), 0o700)
	for _, c := range []struct{ name, xdg, run, dir, notice string }{
		{"usual", xdg, run, xdg + "/urun", ""},
		{"not set", "", run, run + "/user/" + utoa(uid) + "/urun", ""},
		{"somebody else's", "/proc", run, run + "/user/" + utoa(uid) + "/urun", "XDG_RUNTIME_DIR=/proc is not a directory of uid"},
		{"relative", "xdg", run, run + "/user/" + utoa(uid) + "/urun", "XDG_RUNTIME_DIR=xdg"},
		{"missing", filepath.Join(base, "gone"), norun, tmp + "/urun-" + utoa(uid), "gone is not a directory"},
		{"nothing", "", norun, tmp + "/urun-" + utoa(uid), "XDG_RUNTIME_DIR is not set and " + norun},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.xdg == "/proc" && uid == 0 {
				t.Skip("root owns it")
			}
			dir, notice, err := ladder(c.xdg, c.run, tmp, uid)
			if err != nil || dir != c.dir || (notice == "") != (c.notice == "") || !strings.Contains(notice, c.notice) {
				t.Fatal(dir, notice, err)
			}
			checkMode(t, dir)
		})
	}
}

// Somebody else may have been in /tmp first.
func TestLadderRefusesPlantedDirectory(t *testing.T) {
	uid := uint32(os.Geteuid())
	for name, plant := range map[string]func(path string) error{
		"symlink": func(p string) error { return os.Symlink(t.TempDir(), p) },
		"file":    func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"open to others": func(p string) error {
			_ = os.Mkdir(p, 0o700)
			return os.Chmod(p, 0o755)
		},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			path := filepath.Join(tmp, "urun-"+utoa(uid))
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			if dir, _, err := ladder("", tmp+"/none", tmp, uid); err == nil || !strings.Contains(err.Error(), path) {
				t.Error(dir, err)
			}
		})
	}
	if os.Geteuid() == 0 {
		tmp := t.TempDir()
		path := filepath.Join(tmp, "urun-0")
		if os.Mkdir(path, 0o700) != nil || os.Chown(path, 1, 1) != nil {
			t.Skip("cannot chown")
		}
		if _, _, err := ladder("", tmp+"/none", tmp, 0); err == nil || !strings.Contains(err.Error(), "uid 1") {
			t.Error(err)
		}
	}
}
