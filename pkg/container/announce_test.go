package container

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestWritePid: the file is there at once and holds nothing else, and what somebody has put in the way is neither followed nor written to.
func TestWritePid(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "pid"), filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{path, path + ".tmp" + strconv.Itoa(os.Getpid())} {
		if err := os.Symlink(victim, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := writePid(path, 1234567); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); string(raw) != "1234567" {
		t.Errorf("%q, %v", raw, err)
	}
	if raw, _ := os.ReadFile(victim); string(raw) != "precious" {
		t.Errorf("it wrote through a link: %q", raw)
	}
	if entries, err := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "nowhere", "pid")} {
		if err := writePid(bad, 1); err == nil || !strings.HasPrefix(err.Error(), "--pid-file: ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if left, _ := filepath.Glob(dir + "*.tmp*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
