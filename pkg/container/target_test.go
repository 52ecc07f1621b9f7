package container

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/state"
)

// TestWhatCannotBeOpenedIsNotGone: an urun without a descriptor left does not take a container for one that has ended.
func TestWhatCannotBeOpenedIsNotGone(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before) }()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := openInit(p.rec)
	endErr := end(p.rec)
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
	for _, err := range []error{err, endErr} {
		if !errors.Is(err, unix.EMFILE) || errors.Is(err, errNotRunning) || !strings.Contains(err.Error(), "open process "+strconv.Itoa(p.rec.Pid)) {
			t.Errorf("%v", err)
		}
	}
	if !state.Alive(p.rec) {
		t.Error("it has ended")
	}
}

// TestAThreadIsNoProcess: the number of a container's process that has ended may be that of a thread by now.
func TestAThreadIsNoProcess(t *testing.T) {
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range threads {
		tid, err := strconv.Atoi(filepath.Base(path))
		if err != nil || tid == os.Getpid() {
			continue
		}
		seen++
		if fd, err := openProcess(tid); !errors.Is(err, errNotRunning) {
			t.Errorf("thread %d: descriptor %d, %v", tid, fd, err)
		}
	}
	if seen == 0 {
		t.Error("this process has one thread only")
	}
}
