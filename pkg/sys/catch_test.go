package sys

import (
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// take reads n signals from the pipe.
func take(t *testing.T, fd, n int) (got []byte) {
	t.Helper()
	for buf := make([]byte, 64); len(got) < n; {
		k, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if k <= 0 || err != nil {
			t.Fatalf("read: %d %v", k, err)
		}
		got = append(got, buf[:k]...)
	}
	slices.Sort(got)
	return got
}

func TestCatch(t *testing.T) {
	fd, err := Catch([]int{int(unix.SIGUSR1), int(unix.SIGTERM), 50})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for _, sig := range []unix.Signal{50, unix.SIGTERM, unix.SIGUSR1} {
		if err := unix.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	if got := take(t, fd, 3); !slices.Equal(got, []byte{byte(unix.SIGUSR1), byte(unix.SIGTERM), 50}) {
		t.Errorf("got %v", got)
	}
}

// TestCatchOnEveryThread: the handler runs on whichever thread, whatever that is doing; signals of real time queue up, so that none
// may be missed.
func TestCatchOnEveryThread(t *testing.T) {
	const threads, each = 8, 200
	fd, err := Catch([]int{40})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := range each {
				_ = unix.Tgkill(os.Getpid(), unix.Gettid(), 40)
				deep(i % 50) // grows and copies stacks in between
				if i%20 == 0 {
					runtime.GC()
				}
			}
		})
	}
	if got := take(t, fd, threads*each); len(got) != threads*each || got[0] != 40 || got[len(got)-1] != 40 {
		t.Errorf("%d signals", len(got))
	}
	wg.Wait()
}

//go:noinline
func deep(n int) (sum int) {
	var room [256]int
	if n > 0 {
		sum = deep(n - 1)
	}
	room[n] = sum + 1
	return room[n]
}

// TestCatchFault: a SIGSEGV that somebody sends is a signal like others; one of the program's own is the runtime's to tell.
func TestCatchFault(t *testing.T) {
	for range 2 { // the second time the handler found is our own
		fd, err := Catch([]int{int(unix.SIGSEGV)})
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a fault of the program has gone by")
				}
			}()
			var nowhere *struct{ far [1 << 10]int }
			t.Log(nowhere.far[9])
		}()
		if err := unix.Kill(os.Getpid(), unix.SIGSEGV); err != nil {
			t.Fatal(err)
		}
		if got := take(t, fd, 1); !slices.Equal(got, []byte{byte(unix.SIGSEGV)}) {
			t.Errorf("got %v", got)
		}
	}
}
