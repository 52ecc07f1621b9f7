package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
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
