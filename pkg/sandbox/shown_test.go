package sandbox

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// inode is what is behind a path or, as /proc/self/fd/N, a descriptor.
func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func wantShown(t *testing.T, shown Shown, pid int) {
	t.Helper()
	if len(shown) != 2 {
		t.Errorf("shown are %v", shown)
	}
	for input, file := range map[string]string{"ns.user": "user", "ns.mnt": "mnt"} {
		if got, want := inode(t, fmt.Sprintf("/proc/self/fd/%d", shown[input])), inode(t, fmt.Sprintf("/proc/%d/ns/%s", pid, file)); got != want {
			t.Errorf("%s is %d, want %d", input, got, want)
		}
	}
}

func TestLook(t *testing.T) {
	c, path, p := waiting(t, shell("exit 4"))
	before := len(descriptors(t))
	for range 3 {
		shown, err := Look(path, newWorld)
		if err != nil {
			t.Fatal(err)
		}
		wantShown(t, shown, c.Pid)
		shown.Close()
	}
	if fd, err := Dial(path); err != nil { // who only knocks
		t.Fatal(err)
	} else {
		unix.Close(fd)
	}
	if n := len(descriptors(t)); n != before {
		t.Errorf("%d descriptors, before %d", n, before)
	}
	of := fmt.Sprintf("/proc/%d/fd", c.Pid)
	for tries := 0; !dirHas(t, of, 6); tries++ { // stdio, the handle, its ends of two sockets; the last knock may still be heard
		if tries == 1000 {
			t.Fatal("the child has more descriptors than before")
		}
		time.Sleep(time.Millisecond)
	}
	var calls []int
	if err := Wake(path, options(p, &calls)); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 4 {
		t.Errorf("status %#x", status)
	}
	if _, err := Look(path, newWorld); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("of an ended one: %v", err)
	}
}

// dirHas says whether the directory has at most n entries.
func dirHas(t *testing.T, dir string, n int) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) <= n
}

func TestLookInACallOut(t *testing.T) {
	steps := []step.Step{step.HoldNamespaces{}, step.CallOut{Number: 3, Show: newWorld}, step.Ready{}}
	c := start(t, newborn(steps...), Options{CallOut: func(_ int, c *Child) error {
		for range 2 {
			shown, err := c.Show(newWorld)
			if err != nil {
				return err
			}
			wantShown(t, shown, c.Pid)
			shown.Close()
		}
		return nil
	}})
	if c.Pid == 0 {
		t.Error("it has no pid")
	}
}

// A child that has no handle shows nothing, and says so.
func TestLookAtNothing(t *testing.T) {
	start(t, newborn(step.CallOut{Number: 3, Show: newWorld}, step.Ready{}), Options{CallOut: func(_ int, c *Child) error {
		_, err := c.Show(newWorld)
		wantText(t, err, "the container's process has shown 0 of its 2 namespaces")
		return nil
	}})
}

func TestEnd(t *testing.T) {
	c, path, _ := waiting(t, shell("exit 4"))
	if err := End(path); err != nil {
		t.Fatal(err)
	}
	if status := c.Wait(); status.ExitStatus() != 128+int(unix.SIGTERM) {
		t.Errorf("status %#x", status)
	}
	if err := End(path); !errors.Is(err, ErrNotWaiting) {
		t.Errorf("once more: %v", err)
	}
}

// Who comes while another starts the container is told that it does not wait any more.
func TestEndOfOneThatStarts(t *testing.T) {
	c, path, p := waiting(t, step.CallOut{}, shell("exit 7"))
	end := make(chan error, 1)
	err := Wake(path, WakeOptions{Program: p.Program, CallOut: func(int, Show) error {
		go func() { end <- End(path) }()
		time.Sleep(50 * time.Millisecond)
		return nil
	}})
	if err != nil {
		t.Error(err)
	}
	if err := <-end; !errors.Is(err, ErrNotWaiting) {
		t.Errorf("got %v", err)
	}
	if status := c.Wait(); status.ExitStatus() != 7 {
		t.Errorf("status %#x", status)
	}
}
