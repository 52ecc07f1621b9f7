package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRemove(t *testing.T) {
	d := fresh(t)
	top := grown(t, d, "top")
	at := top
	const depth = 300
	for range depth {
		at = grown(t, at, "deeper")
	}
	grown(t, top, "beside")
	cmd := sleeper(t, at)
	if err := d.Remove("top", time.Now()); !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), "processes are left in it") {
		t.Errorf("with a process: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("top", soon()); err != nil {
		t.Error(err)
	}
	if err := d.Remove("top", soon()); err != nil {
		t.Errorf("again: %v", err)
	}
	if names, err := childrenAt(d.fd); err != nil || len(names) != 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	if err := at.Kill(soon()); err != nil {
		t.Errorf("kill in a cgroup that is gone: %v", err)
	}
}

// TestRemoveAtOnce: systemd, or another urun, may be removing the same cgroups.
func TestRemoveAtOnce(t *testing.T) {
	d := fresh(t)
	for range 10 {
		top := grown(t, d, "top")
		for i := range 10 {
			at := grown(t, top, fmt.Sprint("a", i))
			for range 5 {
				at = grown(t, at, "deeper")
			}
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := d.Remove("top", soon()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if names, err := childrenAt(d.fd); err != nil || len(names) != 0 {
			t.Fatalf("left: %v, %v", names, err)
		}
	}
}

func TestEvacuate(t *testing.T) {
	d := fresh(t)
	one, two := sleeper(t, d), sleeper(t, d)
	for range 2 { // the second finds the leaf there, and nobody to move
		if err := d.Evacuate("leaf"); err != nil {
			t.Fatal(err)
		}
	}
	if own, err := procsAt(d.fd); err != nil || len(own) != 0 {
		t.Errorf("left behind: %v, %v", own, err)
	}
	want := []int{one.Process.Pid, two.Process.Pid}
	slices.Sort(want)
	if pids, err := d.Procs(); err != nil || !slices.Equal(pids, want) {
		t.Errorf("processes %v, %v; want %v", pids, err, want)
	}
	sleeper(t, d)
	if err := d.Evacuate("leaf"); err != nil {
		t.Errorf("into a leaf that is there: %v", err)
	}
}

func TestGrow(t *testing.T) {
	d := fresh(t)
	child, lacking, err := d.Grow("a/b/c", []string{"nosuch"})
	if err != nil {
		t.Fatal(err)
	}
	child.Close()
	if !slices.Equal(lacking, []string{"nosuch"}) {
		t.Errorf("lacking %v", lacking)
	}
	if child, _, err = d.Grow("a/b/d", nil); err != nil {
		t.Fatal(err)
	}
	child.Close()
	if _, _, err := d.Grow("a/b/c", nil); !errors.Is(err, unix.EEXIST) {
		t.Errorf("again: %v", err)
	}
	if _, _, err := d.Grow("x/y/../z", nil); err == nil {
		t.Error("a path with .. was made")
	}
	if names, err := childrenAt(d.fd); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("left of what was refused: %v, %v", names, err)
	}
}

func TestMakeRefused(t *testing.T) {
	d := fresh(t)
	if err := d.Write("cgroup.max.descendants", "0"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Make("a"); !errors.Is(err, unix.EAGAIN) || !strings.Contains(err.Error(), "cgroup.max.depth or cgroup.max.descendants") {
		t.Errorf("past the limit: %v", err)
	}
	for _, name := range []string{"", ".", "..", "a/b", "/", "a\x00"} {
		if _, err := d.Make(name); err == nil {
			t.Errorf("made %q", name)
		}
		if _, err := d.Child(name); err == nil {
			t.Errorf("opened %q", name)
		}
		if _, err := d.Read(name); err == nil {
			t.Errorf("read %q", name)
		}
	}
	if _, err := Open("/proc"); err == nil || !strings.Contains(err.Error(), "not in a cgroup v2 hierarchy") {
		t.Errorf("open /proc: %v", err)
	}
	if err := d.Add(1 << 30); !errors.Is(err, unix.ESRCH) || !strings.Contains(err.Error(), "it has ended") {
		t.Errorf("add nobody: %v", err)
	}
}
