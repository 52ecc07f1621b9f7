package state

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReport: it is there for the container that it is about, whoever holds the lock, and goes with the directory.
func TestReport(t *testing.T) {
	s := Store{Root: t.TempDir()}
	d, err := s.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	rec := Record{ID: "a", Pid: 7, StartTime: 8}
	if r, ok := d.Report(rec); ok {
		t.Errorf("a report out of nothing: %+v", r)
	}
	fd, err := unix.Dup(d.Fd())
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := Held("a", fd)
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	want := Report{Pid: 7, StartTime: 8, OOMKills: 3, Killed: "it was greedy", Ended: true}
	if err := watcher.SaveReport(want); err != ErrNotExist {
		t.Errorf("a report without a record: %v", err)
	}
	if err := d.Save(rec); err != nil {
		t.Fatal(err)
	}
	if err := watcher.SaveReport(want); err != nil {
		t.Fatal(err)
	}
	if got, ok := d.Report(rec); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, ok)
	}
	for _, other := range []Record{{Pid: 7, StartTime: 9}, {Pid: 8, StartTime: 8}} {
		if _, ok := d.Report(other); ok {
			t.Errorf("the report is about %+v too", other)
		}
	}
	for _, broken := range []string{"", "{", `{"pid":"7"}`, "null"} {
		if err := os.WriteFile(filepath.Join(d.Path(), reportFile), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, ok := d.Report(rec); ok {
			t.Errorf("%q is a report: %+v", broken, r)
		}
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := watcher.SaveReport(want); err != ErrNotExist {
		t.Errorf("a report into a removed directory: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.Root, "a")); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
}

func TestHeldIsADirectory(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Held("a", int(f.Fd())); err != unix.ENOTDIR {
		t.Error(err)
	}
	if _, err := Held("a", 1<<20); err != unix.EBADF {
		t.Error(err)
	}
}
