//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestLifeInASession(t *testing.T)      { life(t) }
func TestPlainLifeInASession(t *testing.T) { life(t) }

// life is the tutorial's way through all commands, in the session as it is.
func life(t *testing.T) {
	s := newSession(t)
	const id = "life"
	s.must(s.urun, "create", "--bundle", s.bundle("forever", nil), id)
	t.Cleanup(func() { s.run(s.urun, "delete", "--force", id) })
	if got := s.state(id); got.Status != specs.StateCreated {
		t.Errorf("after create it is %s", got.Status)
	}
	s.must(s.urun, "start", id)
	if got := s.state(id); got.Status != specs.StateRunning {
		t.Errorf("after start it is %s", got.Status)
	}
	if got := s.must(s.urun, "exec", id, "/inside", "print", "entered"); got != "entered" {
		t.Errorf("exec printed %q", got)
	}
	s.must(s.urun, "kill", id, "KILL")
	for s.state(id).Status != specs.StateStopped {
		time.Sleep(50 * time.Millisecond) // go test has the time-out
	}
	s.must(s.urun, "delete", id)
	if _, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "urun", id)); !os.IsNotExist(err) {
		t.Errorf("the state of %s is left: %v", id, err)
	}
}
