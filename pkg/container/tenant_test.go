package container

import (
	"testing"
)

// TestExecWhereNobodyMayBe: why not depends on how the container is.
func TestExecWhereNobodyMayBe(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	exec := func(want string) {
		t.Helper()
		code, err := r.Exec("one", ExecOptions{Args: []string{"true"}})
		if wantError(t, err, want); code != 255 {
			t.Errorf("exit code %d", code)
		}
	}
	p.rec.Creating = true
	p.save()
	exec("cannot exec in a container that is being created")
	p.rec.Creating, p.rec.Paused = false, bySignals
	p.save()
	exec("cannot exec in a paused container (use --ignore-paused to override)")
	p.rec.StartTime++ // its pid is another's
	p.save()
	exec("cannot exec in a stopped container")
	_, err := r.Exec("none", ExecOptions{Args: []string{"true"}})
	wantError(t, err, "container does not exist")
}
