package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These tests act on a real hierarchy. URUN_TEST_CGROUP lists what has to be there for them: "tree" for a cgroup v2 that
// the caller may write (hack/own-cgroup2.sh gives one), and names of controllers. What it does not list and is not
// there is skipped; hack/test.sh lists what a machine can have.
func require(t *testing.T, what string, there bool, why string) {
	t.Helper()
	if there {
		return
	}
	if slices.Contains(strings.Fields(os.Getenv("URUN_TEST_CGROUP")), what) {
		t.Fatalf("%s has to be there (URUN_TEST_CGROUP): %s", what, why)
	}
	t.Skipf("%s is needed: %s", what, why)
}

// base opens the caller's own cgroup.
func base(t *testing.T) *Dir {
	t.Helper()
	asked := slices.Contains(strings.Fields(os.Getenv("URUN_TEST_CGROUP")), "tree")
	require(t, "tree", asked || os.Geteuid() != 0, "root could write the machine's own, which is left alone")
	place, err := Here()
	if err != nil {
		t.Fatal(err)
	}
	require(t, "tree", place.Dir != "", "no cgroup v2 is mounted ("+string(place.Layout)+")")
	sub, err := Inspect(place.Dir)
	if err != nil {
		t.Fatal(err)
	}
	require(t, "tree", sub.Writable, place.Dir+" cannot be written; hack/own-cgroup2.sh gives one that can")
	d, err := Open(place.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func soon() time.Time { return time.Now().Add(10 * time.Second) }

// fresh makes a cgroup for one test, and removes it with all that is in it.
func fresh(t *testing.T) *Dir {
	t.Helper()
	b := base(t)
	name := fmt.Sprintf("test-%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), os.Getpid())
	d, err := b.Make(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.Thaw()
		if err := errors.Join(d.Kill(soon()), b.Remove(name, soon()), d.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// sleeper starts a process in the cgroup d.
func sleeper(t *testing.T, d *Dir) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	if err := d.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func grown(t *testing.T, d *Dir, name string) *Dir {
	t.Helper()
	child, err := d.Make(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Close() })
	return child
}

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
