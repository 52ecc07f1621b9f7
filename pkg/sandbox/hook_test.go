package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// script is a hook that runs a shell script.
func script(text string) specs.Hook {
	return specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", text}}
}

// container is a waiting process to run hooks in.
func container(t *testing.T) *Inside {
	c := start(t, newborn(step.Ready{}), Options{})
	return &Inside{PidFD: c.PidFD, Own: newWorld}
}

// bothWays runs a test of hooks in the caller's namespaces and in those of a container.
func bothWays(t *testing.T, test func(t *testing.T, in *Inside)) {
	t.Run("outside", func(t *testing.T) { test(t, nil) })
	t.Run("inside", func(t *testing.T) { test(t, container(t)) })
}

func TestHookSeesStateArgsAndEnv(t *testing.T) {
	bothWays(t, func(t *testing.T, in *Inside) {
		h := script(`test "$(cat)" = '{"id":"x"}' && test "$0 $1 $WORD" = "zero one two"`)
		h.Args = append(h.Args, "zero", "one")
		h.Env = []string{"WORD=two"}
		if err := RunHook(h, []byte(`{"id":"x"}`), "/", in); err != nil {
			t.Error(err)
		}
	})
}

func TestHookWithoutArgs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ntest $# = 0 && test \"$0\" = "+path+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	bothWays(t, func(t *testing.T, in *Inside) {
		if err := RunHook(specs.Hook{Path: path}, nil, "/", in); err != nil {
			t.Error(err)
		}
	})
}

func TestHookPlace(t *testing.T) {
	dir := t.TempDir()
	if err := RunHook(script(`test "$(pwd -P)" = `+dir), nil, dir, nil); err != nil {
		t.Errorf("outside: %v", err)
	}
	in := container(t)
	here, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Umask(unix.Umask(0o077))
	there := `test "$(umask)" = 0022 && test "$(readlink /proc/self/ns/user)" != '` + here + `' && test "$(id -u):$(id -g)" = 0:0`
	if err := RunHook(script(there), nil, dir, in); err != nil {
		t.Errorf("inside: %v", err)
	}
	if err := RunHook(script(there), nil, dir, nil); err == nil {
		t.Error("outside is inside")
	}
}

func TestHookFails(t *testing.T) {
	bothWays(t, func(t *testing.T, in *Inside) {
		for _, c := range []struct{ script, want string }{
			{"exit 3", "hook /bin/sh: exit status 3"},
			{"echo out; echo err >&2; exit 1", "hook /bin/sh: exit status 1: out\nerr"},
			{"kill -TERM $$", "hook /bin/sh: killed by SIGTERM"},
		} {
			if err := RunHook(script(c.script), nil, "/", in); err == nil || err.Error() != c.want {
				t.Errorf("%s: got %v, want %s", c.script, err, c.want)
			}
		}
	})
}

func TestHookFloods(t *testing.T) {
	bothWays(t, func(t *testing.T, in *Inside) {
		within(t, "a hook that prints much", func() {
			err := RunHook(script("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the last words >&2; exit 1"), nil, "/", in)
			if err == nil || len(err.Error()) > 1100 || !strings.HasSuffix(err.Error(), "x the last words") && !strings.HasSuffix(err.Error(), "xthe last words") {
				t.Errorf("got %.1200v", err)
			}
		})
	})
}
