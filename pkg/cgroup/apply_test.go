package cgroup

import (
	"testing"
	"time"
)

func TestApply(t *testing.T) {
	d := fresh(t)
	failures := d.Apply([]Setting{
		{File: "cgroup.max.depth", Value: "3", Path: "a"},
		{File: "nosuch.max", Value: "5", Path: "b", Controller: "nosuch"},
		{File: "nosuch.high", Value: "max", Path: "c", Controller: "nosuch"},
		{File: "nosuch.low", Value: "0", Path: "d", Controller: "nosuch", Optional: true},
		{File: "cgroup.max.descendants", Value: "many", Path: "e"},
		{File: "nosuch.weight", Value: "5", Path: "f", Controller: "nosuch", AnyOf: "weight"},
		{File: "cgroup.max.descendants", Value: "4", Path: "f", AnyOf: "weight"},
		{File: "cgroup.max.depth", Value: "2", Path: "g", NotBelow: "cgroup.max.depth"},
		{File: "cgroup.max.depth", Value: "3", Path: "h", NotBelow: "cgroup.max.depth"},
		{File: "cgroup.absent", Value: "5", Path: "i"},
	})
	want := []string{
		"b: write 5 to nosuch.max: no such file or directory (the controller nosuch is not delegated to " + d.Path() + "); systemd hands the controller nosuch on to nobody: only root can limit this",
		"d: write 0 to nosuch.low: no such file or directory (the controller nosuch is not delegated to " + d.Path() + "); systemd hands the controller nosuch on to nobody: only root can limit this",
		"e: write many to cgroup.max.descendants: invalid argument (the kernel does not take this value)",
		"g: write 2 to cgroup.max.depth: less than what is in use, 3 (checkBeforeUpdate)",
		"i: write 5 to cgroup.absent: no such file or directory (this kernel has no such file)",
	}
	for i, f := range failures {
		if i >= len(want) || f.Error() != want[i] {
			t.Errorf("failure %d: %s", i, f.Error())
		}
	}
	if len(failures) != len(want) {
		t.Errorf("%d failures, want %d", len(failures), len(want))
	}
	if depth, err := d.Read("cgroup.max.depth"); depth != "3\n" || err != nil {
		t.Errorf("cgroup.max.depth is %q, %v", depth, err)
	}
}

// TestFits: what is below what is in use is known before it is written.
func TestFits(t *testing.T) {
	d := fresh(t)
	if err := d.Write("cgroup.max.depth", "3"); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{"3": "", "max": "", "2": "a: 2 is less than what is in use, 3 (checkBeforeUpdate)"} {
		got := ""
		if err := d.Fits(Setting{File: "cgroup.max.depth", Value: value, Path: "a", NotBelow: "cgroup.max.depth"}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if err := d.Fits(Setting{File: "cgroup.max.depth", Value: "2", Path: "a"}); err != nil {
		t.Error(err)
	}
}

func TestDropIn(t *testing.T) {
	want := "let root write [Service] and Delegate=cpu io memory pids into /etc/systemd/system/user@.service.d/delegate.conf, do systemctl daemon-reload, and log in anew"
	if got := DropIn([]string{"io"}, []string{"pids", "memory", "cpu"}); got != want {
		t.Error(got)
	}
}

func TestWatch(t *testing.T) {
	d := fresh(t)
	w, err := d.Watch("cgroup.events")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if changed, err := w.Wait(time.Now().Add(50 * time.Millisecond)); changed || err != nil {
		t.Errorf("changed by itself: %v, %v", changed, err)
	}
	sleeper(t, d)
	if changed, err := w.Wait(soon()); !changed || err != nil {
		t.Errorf("after a process came: %v, %v", changed, err)
	}
	if counts, err := w.Counts(); err != nil || counts["populated"] != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
	gone := grown(t, d, "gone")
	w2, err := gone.Watch("cgroup.events")
	if err != nil {
		t.Fatal(err)
	}
	defer w2.Close()
	if err := d.Remove("gone", soon()); err != nil {
		t.Fatal(err)
	}
	if changed, err := w2.Wait(soon()); !changed || err != nil {
		t.Errorf("after it was removed: %v, %v", changed, err)
	}
	if _, err := w2.Counts(); err != ErrGone {
		t.Errorf("counts of what is gone: %v", err)
	}
}
