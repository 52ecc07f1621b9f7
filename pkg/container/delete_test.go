package container

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

func wantGone(t *testing.T, r *Runtime, id string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(r.Store.Root, id)); err == nil {
		t.Error("the directory is still there")
	}
	_, err := r.State(id)
	wantError(t, err, "container does not exist")
}

func TestDelete(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	wantError(t, r.Delete("one", false), "cannot delete container one that is not stopped: running")
	_ = p.cmd.Process.Kill()
	soon(t, "the end", func() bool { return !state.Alive(p.rec) })
	if err := r.Delete("one", false); err != nil { // a zombie still
		t.Fatal(err)
	}
	wantGone(t, r, "one")
	wantError(t, r.Delete("one", false), "container does not exist")
	if err := r.Delete("one", true); err != nil {
		t.Error("force of an unknown one: ", err)
	}
}

func TestDeleteForce(t *testing.T) {
	for name, flags := range map[string]uintptr{"pid": ownPids, "user": unix.CLONE_NEWUSER} {
		t.Run(name, func(t *testing.T) {
			r := newRuntime(t)
			p := container(t, r, "one", "child,child,nested", flags)
			pids := p.ps(r, 4)
			if name == "pid" {
				if err := r.Pause("one"); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Delete("one", true); err != nil {
				t.Fatal(err)
			}
			if lives(pids) {
				t.Error("a process outlives its container")
			}
			wantGone(t, r, "one")
		})
	}
}

func TestDeleteCreated(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	listen, err := sandbox.Listen(socketPath(p.dir))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(listen)
	if err := r.Delete("one", false); err != nil {
		t.Fatal(err)
	}
	if state.Alive(p.rec) {
		t.Error("it still waits")
	}
	wantGone(t, r, "one")
}

func TestDeleteCreating(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	p.rec.Creating = true
	p.save()
	if err := p.dir.Lock(); err != nil {
		t.Fatal(err)
	}
	wantError(t, r.Delete("one", false), "cannot delete container one that is not stopped: creating")
	var creator sync.WaitGroup
	creator.Go(func() { // finds its child dead and cleans up
		_ = p.cmd.Wait()
		_ = p.dir.Remove()
	})
	if err := r.Delete("one", true); err != nil {
		t.Error(err)
	}
	creator.Wait()
	wantGone(t, r, "one")
}

func TestDeleteBroken(t *testing.T) {
	r := newRuntime(t)
	for _, content := range []string{"{", "", `{"version":1,"id":"two"}`, "none"} {
		dir := filepath.Join(r.Store.Root, "one")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if content != "none" {
			if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Delete("one", false); err == nil {
			t.Errorf("deleted with %q and without force", content)
		}
		if err := r.Delete("one", true); err != nil {
			t.Error(err)
		}
		wantGone(t, r, "one")
	}
}

// However many delete one container, its poststop hooks run once and nobody sees an error.
func TestDeleteAtOnce(t *testing.T) {
	r := newRuntime(t)
	r.Warn = func(s string) { t.Error(s) }
	for range 10 {
		p := container(t, r, "one", "child", ownPids)
		said := filepath.Join(t.TempDir(), "said")
		config := fmt.Sprintf(`{"ociVersion":"1.0.0","hooks":{"poststop":[{"path":"/bin/sh","args":["sh","-c","echo x >> %s"]}]}}`, said)
		p.rec.Bundle = t.TempDir()
		p.save()
		if err := p.dir.SaveConfig([]byte(config)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := r.Delete("one", true); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		wantGone(t, r, "one")
		if raw, err := os.ReadFile(said); string(raw) != "x\n" {
			t.Errorf("poststop hooks said %q, %v", raw, err)
		}
	}
}

func BenchmarkDeleteStopped(b *testing.B) {
	r := &Runtime{Store: state.Store{Root: b.TempDir()}}
	for b.Loop() {
		b.StopTimer()
		d, err := r.Store.Create("c")
		if err == nil {
			err = d.Save(state.Record{ID: "c", BootID: state.BootID()})
		}
		if err == nil {
			err = d.SaveConfig([]byte("{}"))
		}
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
		b.StartTimer()
		if err := r.Delete("c", true); err != nil {
			b.Fatal(err)
		}
	}
}
