package state

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestCreateOneWinner(t *testing.T) {
	s := newStore(t)
	for range 20 {
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				d, err := s.Create("one")
				if errors.Is(err, ErrExists) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				won.Add(1)
				if err := d.Save(Record{ID: "one"}); err != nil {
					t.Error(err)
				}
				d.Close()
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d winners", won.Load())
		}
		d, err := s.Open("one")
		if err != nil || d.Lock() != nil || d.Remove() != nil {
			t.Fatal("clean up", err)
		}
	}
}

// Creating and removing at the same time: never two owners, and no owner loses its directory to a remover.
func TestCreateAgainstRemove(t *testing.T) {
	s := newStore(t)
	var owners, wins atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				d, err := s.Create("one")
				if errors.Is(err, ErrExists) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				wins.Add(1)
				if owners.Add(1) != 1 {
					t.Error("two owners")
				}
				if err := d.Save(Record{ID: "one"}); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(s.Root, "one", "state.json")); err != nil {
					t.Error("not the directory at the path:", err)
				}
				owners.Add(-1)
				if err := d.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if entries, _ := os.ReadDir(s.Root); len(entries) != 0 {
		t.Error("left over:", entries)
	}
	t.Log(wins.Load(), "wins")
}

func TestCreateOneWinnerAmongProcesses(t *testing.T) {
	s := newStore(t)
	outs := make([]strings.Builder, 12)
	var cmds []*exec.Cmd
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for i := range outs {
		cmd := play("create", s.Root)
		cmd.Stdin, cmd.Stdout = r, &outs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	_ = w.Close()
	all := ""
	for i, cmd := range cmds {
		_ = cmd.Wait()
		all += outs[i].String()
	}
	if all != "won\n" {
		t.Errorf("got %q", all)
	}
}
