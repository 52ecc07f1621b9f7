package state

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestKeep(t *testing.T) {
	s := Store{Root: t.TempDir()}
	if got := s.Kept("a"); got != nil {
		t.Errorf("%q before anything was kept", got)
	}
	s.Keep("a", []byte("one"))
	s.Keep("a", []byte("two"))
	if got := string(s.Kept("a")); got != "two" {
		t.Errorf("kept %q", got)
	}
	for i := range 3 * maxKept {
		s.Keep(fmt.Sprint(i), []byte("x"))
	}
	all, err := os.ReadDir(filepath.Join(s.Root, keptDir))
	if err != nil || len(all) > maxKept || len(all) == 0 {
		t.Errorf("%d things are kept: %v", len(all), err)
	}
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Errorf("it is taken for a container: %v %v", list, err)
	}
	if ValidID(keptDir) == nil {
		t.Errorf("a container can be called %s", keptDir)
	}
}

func TestKeepFails(t *testing.T) {
	s := Store{Root: filepath.Join(t.TempDir(), "missing")}
	s.Keep("a", []byte("x"))
	if got := s.Kept("a"); got != nil {
		t.Errorf("kept %q", got)
	}
}

// plan has no root, and leaves nothing in the working directory.
func TestKeepWithoutARoot(t *testing.T) {
	t.Chdir(t.TempDir())
	var s Store
	s.Keep("a", []byte("one"))
	if all, err := os.ReadDir("."); err != nil || len(all) > 0 || s.Kept("a") != nil {
		t.Errorf("left are %v, %v", all, err)
	}
}
