package step_test

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// TestFifo: it is made with the rights that were asked for, one that is there stays, and what is something else is not replaced.
func TestFifo(t *testing.T) {
	rootfs := tree(t, map[string]string{"file": "x", "away": "-> /somewhere"})
	if err := unix.Mkfifo(rootfs+"/old", 0o600); err != nil {
		t.Fatal(err)
	}
	c := world(t, inside(rootfs, step.Fifo{Path: "/new/pipe", Mode: 0o622}, step.Fifo{Path: "/old", Mode: 0o666})...)
	for path, want := range map[string]os.FileMode{"/new/pipe": os.ModeNamedPipe | 0o622, "/old": os.ModeNamedPipe | 0o600} {
		if fi, err := os.Lstat(c.path(path)); err != nil || fi.Mode() != want {
			t.Errorf("%s is %v (%v), want %v", path, fi, err, want)
		}
	}
	for _, path := range []string{"/file", "/away"} {
		_, err := start(t, newWorld, nil, append(asRoot(), append(inside(rootfs, step.Fifo{Path: path, Mode: 0o666}), step.Ready{})...)...)
		var f *failure
		if !errors.As(err, &f) || f.errno != unix.EEXIST || f.explain == "" {
			t.Errorf("%s: %v, want EEXIST with an explanation", path, err)
		}
	}
}
