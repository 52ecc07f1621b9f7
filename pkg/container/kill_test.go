package container

import (
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

func (p *played) ps(r *Runtime, n int) []int {
	p.Helper()
	var pids []int
	soon(p.T, "the number of processes", func() bool {
		var err error
		pids, err = r.Ps(p.rec.ID)
		if err != nil {
			p.Fatal(err)
		}
		return len(pids) == n
	})
	if !slices.IsSorted(pids) || !slices.Contains(pids, p.rec.Pid) || slices.Contains(pids, os.Getpid()) {
		p.Errorf("processes %v of %d", pids, p.rec.Pid)
	}
	return pids
}

func TestPs(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "child,child,nested", ownPids)
	container(t, r, "other", "child", ownPids)
	pids := p.ps(r, 4)
	if err := r.Kill("one", unix.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	soon(t, "all are gone", func() bool { return !lives(pids) })
	_, err := r.Ps("one")
	wantError(t, err, "container not running")
}

func TestPsByUserNamespace(t *testing.T) {
	r := newRuntime(t)
	container(t, r, "one", "child,nested", unix.CLONE_NEWUSER).ps(r, 3)
}

func TestPsWithoutNamespace(t *testing.T) {
	r := newRuntime(t)
	container(t, r, "one", "child", 0)
	_, err := r.Ps("one")
	wantError(t, err, errShared.Error())
	wantError(t, r.Kill("one", unix.SIGTERM, true), errShared.Error())
	if err := r.Kill("one", unix.SIGTERM, false); err != nil {
		t.Error(err)
	}
}

func TestKill(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "child,nested", ownPids)
	if err := r.Kill("one", unix.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	if st := p.reap(); !st.Exited() || st.ExitStatus() != 0 {
		t.Errorf("ended with %#x", st)
	}
	wantError(t, r.Kill("one", unix.SIGTERM, false), "container not running")
	if err := r.Kill("one", unix.SIGTERM, true); err != nil {
		t.Error("all of a stopped container: ", err)
	}
	wantError(t, r.Kill("none", unix.SIGTERM, true), "container does not exist")
}

func TestKillSparesAReusedPid(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	p.rec.StartTime++
	p.save()
	wantError(t, r.Kill("one", unix.SIGKILL, false), "container not running")
	if err := r.Delete("one", true); err != nil {
		t.Error(err)
	}
	p.rec.StartTime--
	if !state.Alive(p.rec) {
		t.Error("somebody else's process was killed")
	}
}

func TestKillAll(t *testing.T) {
	for name, flags := range map[string]uintptr{"pid": ownPids, "user": unix.CLONE_NEWUSER} {
		t.Run(name, func(t *testing.T) {
			r := newRuntime(t)
			other := container(t, r, "other", "child", flags)
			p := container(t, r, "one", "child,child", flags)
			pids := p.ps(r, 3)
			if err := r.Kill("one", unix.SIGTERM, true); err != nil {
				t.Fatal(err)
			}
			soon(t, "all are gone", func() bool { return !lives(pids) })

			q := container(t, r, "two", "child,child,nested", flags)
			pids = q.ps(r, 4)
			if err := r.Kill("two", unix.SIGKILL, true); err != nil {
				t.Fatal(err)
			}
			soon(t, "all are gone", func() bool { return !lives(pids) })
			other.ps(r, 2)
		})
	}
}

func TestPause(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "child,nested,busy,busy,busy", ownPids)
	for range 20 {
		if err := r.Pause("one"); err != nil {
			t.Fatal(err)
		}
		p.wantStatus(r, statusPaused)
		before, err := r.Ps("one")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		if after, _ := r.Ps("one"); !slices.Equal(before, after) {
			t.Errorf("a paused container goes on: %v, then %v", before, after)
		}
		wantError(t, r.Pause("one"), "container not running: it is paused")
		wantError(t, r.Delete("one", false), "cannot delete container one that is not stopped: paused")
		if err := r.Resume("one"); err != nil {
			t.Fatal(err)
		}
		p.wantStatus(r, statusRunning)
	}
	wantError(t, r.Resume("one"), "container not paused: it is running")
	if err := r.Pause("one"); err != nil {
		t.Fatal(err)
	}
	if err := r.Kill("one", unix.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	p.wantStatus(r, statusPaused)
	if err := r.Resume("one"); err != nil {
		t.Fatal(err)
	}
	if st := p.reap(); !st.Exited() {
		t.Errorf("ended with %#x", st)
	}
	wantError(t, r.Pause("one"), "container not running")
}

func TestKillPaused(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "child", ownPids)
	if err := r.Pause("one"); err != nil {
		t.Fatal(err)
	}
	if err := r.Kill("one", unix.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	if st := p.reap(); st.Signal() != unix.SIGKILL {
		t.Errorf("ended with %#x", st)
	}
}
