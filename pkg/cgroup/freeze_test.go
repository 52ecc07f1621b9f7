package cgroup

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFreezeKillRemove(t *testing.T) {
	d := fresh(t)
	below := grown(t, grown(t, d, "a"), "b")
	one, two := sleeper(t, d), sleeper(t, below)
	want := []int{one.Process.Pid, two.Process.Pid}
	slices.Sort(want)
	if pids, err := d.Procs(); err != nil || !slices.Equal(pids, want) {
		t.Fatalf("processes %v, %v; want %v", pids, err, want)
	}
	if err := d.Freeze(soon()); err != nil {
		t.Fatal(err)
	}
	if frozen, err := below.Frozen(); !frozen || err != nil {
		t.Errorf("the cgroup below is frozen: %v, %v", frozen, err)
	}
	if err := d.Thaw(); err != nil {
		t.Fatal(err)
	}
	if frozen, err := d.Frozen(); frozen || err != nil {
		t.Errorf("frozen after thaw: %v, %v", frozen, err)
	}
	if err := d.Freeze(soon()); err != nil {
		t.Fatal(err)
	}
	// Frozen processes die too.
	if err := d.Kill(soon()); err != nil {
		t.Fatal(err)
	}
	if populated, err := d.Populated(); populated || err != nil {
		t.Errorf("populated after kill: %v, %v", populated, err)
	}
	if pids, err := d.Procs(); err != nil || len(pids) != 0 {
		t.Errorf("processes after kill: %v, %v", pids, err)
	}
	if err := d.Kill(soon()); err != nil {
		t.Errorf("kill of nobody: %v", err)
	}
}

// TestFreezeDeep: frozen means all the way down, each time, also while new processes are born.
func TestFreezeDeep(t *testing.T) {
	d := fresh(t)
	at := d
	var all []*Dir
	for range 10 {
		cmd := exec.Command("sh", "-c", "while :; do sleep 0.001; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := at.Add(cmd.Process.Pid); err != nil {
			t.Error(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		all = append(all, at)
		at = grown(t, at, "a")
	}
	for range 30 {
		if err := d.Freeze(soon()); err != nil {
			t.Fatal(err)
		}
		for i, below := range all {
			if frozen, err := below.Frozen(); !frozen || err != nil {
				t.Errorf("level %d is frozen: %v, %v", i, frozen, err)
			}
		}
		if err := d.Thaw(); err != nil {
			t.Fatal(err)
		}
		if frozen, err := d.Frozen(); frozen || err != nil {
			t.Errorf("frozen after thaw: %v, %v", frozen, err)
		}
	}
	if err := d.Freeze(soon()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := all[1].Thaw(); err != nil {
		t.Errorf("thaw below a frozen one: %v", err)
	}
	if frozen, err := all[1].Frozen(); !frozen || err != nil || time.Since(start) > 10*thawTime {
		t.Errorf("below a frozen one it is frozen: %v, %v, after %v", frozen, err, time.Since(start))
	}
}

// TestKillEach: what kernels before 5.14 get ends everybody as well.
func TestKillEach(t *testing.T) {
	d := fresh(t)
	sleeper(t, d)
	sleeper(t, grown(t, d, "a"))
	if err := d.killEach(soon()); err != nil {
		t.Fatal(err)
	}
	if gone, err := d.until("populated", 0, soon()); !gone || err != nil {
		t.Error(gone, err)
	}
}

// TestFreezeInTime: a cgroup that does not freeze before the deadline is thawed again. One without a process freezes
// at once, so that the deadline has to have passed already.
func TestFreezeInTime(t *testing.T) {
	d := fresh(t)
	sleeper(t, d)
	err := d.Freeze(time.Now().Add(-time.Second))
	if err != nil && !strings.Contains(err.Error(), "not all processes could be frozen in time") {
		t.Fatal(err)
	}
	if text, err2 := d.Read("cgroup.freeze"); err2 != nil || (strings.TrimSpace(text) == "0") != (err != nil) {
		t.Errorf("cgroup.freeze is %q after %v, %v", text, err, err2)
	}
}
