package container

import (
	"os"
	"slices"
	"strings"
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

// TestPauseInTime: where not all have stopped at the deadline, all go on.
func TestPauseInTime(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "child,child", ownPids)
	pids := p.ps(r, 3)
	if err := halt(p.dir, p.rec, time.Now().Add(-time.Second)); err == nil || !strings.Contains(err.Error(), "has not stopped in 10s") {
		t.Error(err)
	}
	p.wantStatus(r, statusRunning)
	soon(t, "none is stopped", func() bool {
		return !slices.ContainsFunc(pids, func(pid int) bool {
			letter, _, err := state.ProcessState(pid)
			return err != nil || letter == 'T'
		})
	})
}

// TestAPidThatIsAnothersByNow: what was found in the container may have ended, and its pid may be that of a process outside.
func TestAPidThatIsAnothersByNow(t *testing.T) {
	r := newRuntime(t)
	other := container(t, r, "other", "init", ownPids)
	s, err := scopeOf(container(t, r, "one", "child", ownPids).rec)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.signal(other.rec.Pid, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	time.Sleep(10 * time.Millisecond)
	if !state.Alive(other.rec) {
		t.Error("somebody else's process was killed")
	}
}
