package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if err := WriteConfig(dir, template(fullMap(), fullMap(), TemplateOptions{})); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(dir))
	b, err := Load(filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	if b.Dir != dir || len(b.Raw) == 0 || b.Spec.Hostname != "urun" {
		t.Errorf("%+v", b)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ConfigFile)
	check := func(want string) {
		t.Helper()
		_, err := Load(dir)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	check("no such file or directory")
	write(t, path, "{\n  broken")
	check(": 2:3: invalid character 'b'")
	write(t, path, "")
	check("unexpected end")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	check("not a regular file")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	check("not a regular file")
	write(t, path, "")
	if err := os.Truncate(path, maxConfig+1); err != nil {
		t.Fatal(err)
	}
	check("33554433 bytes")
	if os.Geteuid() != 0 {
		write(t, path, "{}")
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		check("permission denied")
	}
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "redis", ConfigFile), "{}")
	write(t, filepath.Join(top, "both", "redis", ConfigFile), "{}")
	write(t, filepath.Join(top, "both", ConfigFile), "{}")
	for _, c := range []struct {
		cwd, flag, id, dir string
		note               bool
	}{
		{".", "", "redis", "redis", true},
		{".", "", "other", ".", false},
		{".", "", "", ".", false},
		{".", "both", "redis", "both", false},
		{"both", "", "redis", "both", false},
		{"redis", "", "..", "redis", false},
		{"redis", "", "../both", "redis", false},
	} {
		t.Chdir(filepath.Join(top, c.cwd))
		dir, note, err := Find(c.flag, c.id)
		if err != nil || dir != filepath.Join(top, c.dir) || (note != "") != c.note {
			t.Errorf("in %s, Find(%q, %q) = %s, %q, %v", c.cwd, c.flag, c.id, dir, note, err)
		}
	}
}

func TestWriteConfigKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ConfigFile)
	write(t, path, "mine")
	if err := WriteConfig(dir, template(nil, nil, TemplateOptions{})); err == nil || !strings.Contains(err.Error(), path+" exists") {
		t.Error(err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != "mine" {
		t.Error("overwritten")
	}
	if err := WriteConfig(filepath.Join(dir, "none"), template(nil, nil, TemplateOptions{})); err == nil {
		t.Error("no error")
	}
}
