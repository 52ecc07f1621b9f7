package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Root: t.TempDir()}
}

func create(t *testing.T, s Store, id string, r Record) *Dir {
	t.Helper()
	d, err := s.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	r.ID = id
	if err := d.Save(r); err != nil {
		t.Fatal(err)
	}
	d.Unlock()
	return d
}

// A creation that was killed leaves a directory that is neither listed nor in the way; its lock died with it.
func TestCreateAfterKilledCreation(t *testing.T) {
	s := newStore(t)
	if err := os.MkdirAll(filepath.Join(s.Root, "one"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, leftover := range []string{"", "{ broken", `{"version":1,"id":"one","creating":true,"pid":0}`,
		`{"version":1,"id":"one","bootID":"earlier","pid":1}`, `{"version":1,"id":"one","creating":true,"pid":1,"startTime":5}`} {
		if leftover != "" {
			for _, name := range []string{"state.json", "state.json.new", "start.sock"} {
				if err := os.WriteFile(filepath.Join(s.Root, "one", name), []byte(leftover), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		} else if l, err := s.List(); err != nil || len(l) != 0 {
			t.Error("listed:", l, err)
		}
		d, err := s.Create("one")
		if err != nil {
			t.Fatalf("after %q: %v", leftover, err)
		}
		if entries, _ := os.ReadDir(d.Path()); len(entries) != 1 {
			t.Errorf("after %q there is %v", leftover, entries)
		}
		d.Close()
	}
}

func TestCreateKeepsStopped(t *testing.T) {
	s := newStore(t)
	create(t, s, "one", Record{Pid: 0, BootID: BootID()})
	if _, err := s.Create("one"); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
}

func TestCreateErrors(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"", "..", "a/b", strings.Repeat("a", 300)} {
		if d, err := s.Create(id); err == nil {
			t.Error("created", d.Path())
		}
	}
	if _, err := (Store{Root: s.Root + "/none"}).Create("a"); err == nil || errors.Is(err, ErrNotExist) {
		t.Error(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(s.Root, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create("link"); err == nil || !strings.Contains(err.Error(), s.Root) {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"none", strings.Repeat("a", 300)} {
		if _, err := s.Open(id); !errors.Is(err, ErrNotExist) {
			t.Error(err)
		}
	}
	d := create(t, s, "one", sample("one"))
	if err := os.Chmod(d.Path(), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(d.Path(), 0o700) //nolint:errcheck // for the clean-up
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	if _, err := s.Open("one"); err == nil || !strings.Contains(err.Error(), d.Path()) {
		t.Error("the error does not name the directory:", err)
	}
	if l, err := s.List(); err != nil || len(l) != 1 || l[0].Err == nil || !strings.Contains(l[0].Err.Error(), d.Path()) {
		t.Error(l, err)
	}
}

// TestLoadOfNoFile: what somebody has put in place of the record is broken, and keeps nobody waiting.
func TestLoadOfNoFile(t *testing.T) {
	s := newStore(t)
	for name, put := range map[string]func(path string) error{
		"fifo": func(path string) error { return unix.Mkfifo(path, 0o600) }, "directory": func(path string) error { return unix.Mkdir(path, 0o700) },
		"link": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		create(t, s, name, sample(name))
		path := filepath.Join(s.Root, name, "state.json")
		err := os.Remove(path)
		if err == nil {
			err = put(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Load(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		d.Close()
		if d, err = s.Create(name); err != nil { // its id can be had again
			t.Fatal(err)
		}
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	}
}

func TestList(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"c", "a", "b", "d"} {
		create(t, s, id, sample(id))
	}
	if err := os.WriteFile(filepath.Join(s.Root, "b", "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(s.Root, "d", "state.json"))
	_ = os.Mkdir(filepath.Join(s.Root, "not an id"), 0o700)
	_ = os.WriteFile(filepath.Join(s.Root, "file"), nil, 0o600)
	l, err := s.List()
	if err != nil || len(l) != 3 || l[0].ID != "a" || l[1].ID != "b" || l[2].ID != "c" {
		t.Fatal(l, err)
	}
	if l[0].Err != nil || l[0].Record.Pid != 4242 || !errors.Is(l[1].Err, ErrCorrupt) {
		t.Error(l)
	}
	if l, err := (Store{Root: s.Root + "/none"}).List(); err != nil || l != nil {
		t.Error(l, err)
	}
}
