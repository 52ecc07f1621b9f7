package state

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	s := newStore(t)
	create(t, s, "one", Record{})
	a, _ := s.Open("one")
	b, _ := s.Open("one")
	defer a.Close()
	defer b.Close()
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	if ok, err := b.TryLock(); ok || err != nil {
		t.Error(ok, err)
	}
	// A program started meanwhile must not keep it.
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	a.Unlock()
	if ok, err := b.TryLock(); !ok || err != nil {
		t.Error(ok, err)
	}
	done := make(chan error)
	go func() { done <- a.Lock() }()
	if err := b.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrNotExist) {
		t.Error("lock of a removed container:", err)
	}
	if err := a.Lock(); !errors.Is(err, ErrNotExist) {
		t.Error("lock of a removed container:", err)
	}
}

func TestRemoveTakesEverything(t *testing.T) {
	s := newStore(t)
	d := create(t, s, "one", Record{})
	if err := os.MkdirAll(filepath.Join(d.Path(), "sub", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveConfig([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if raw, err := d.Config(); err != nil || string(raw) != "{}" {
		t.Error(raw, err)
	}
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(s.Root); len(entries) != 0 {
		t.Error(entries)
	}
}
