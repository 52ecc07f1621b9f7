package procs

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParsePss(t *testing.T) {
	for text, want := range map[string]uint64{
		"": 0, "Pss:": 0, "Pss: x kB\n": 0, "Pss:  -1 kB\n": 0, "Pss_Dirty:  7 kB\n": 0, "Pss: 99999999999999999999 kB": 0,
		"55d0-7ffe ---p 0 00:00 0    [rollup]\nRss:   9 kB\nPss:                1234 kB\nPss_Dirty: 1 kB\n": 1234 << 10,
	} {
		if got, ok := parsePss([]byte(text)); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

func TestPause(t *testing.T) {
	for sum, want := range map[uint64]time.Duration{0: seldom, 50: seldom / 2, 99: often, 100: often} {
		if got := pause(sum, 100, time.Millisecond); got != want {
			t.Errorf("at %d of 100: %v, not %v", sum, got, want)
		}
	}
	if got := pause(99, 100, 10*time.Millisecond); got != share*10*time.Millisecond {
		t.Errorf("a look that takes 10 ms is repeated after %v", got)
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	pid, block := os.Getpid(), make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	rss, pss := resident(pid), proportional(pid)
	if rss < 64<<20 || pss < 64<<20 || pss > rss+1<<20 || rss > 64<<30 {
		t.Errorf("resident %d, proportional %d", rss, pss)
	}
	if block[4096] != 1 || resident(1<<30) != 0 {
		t.Error("what is not there has memory")
	}
}

// family starts a shell with a child in namespaces of their own, and a guard for them.
func family(t *testing.T, flags uintptr, kind string, limit uint64) *Guard {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "sleep 1000 & echo ready; wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: flags, UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	g := &Guard{Pid: cmd.Process.Pid, PidFD: fd, Kind: kind, Limit: limit}
	t.Cleanup(func() { g.Close(); unix.Close(fd) })
	return g
}

// TestGuard: the processes of a namespace are found, left alone below the limit and ended above.
func TestGuard(t *testing.T) {
	for kind, flags := range map[string]uintptr{Pid: unix.CLONE_NEWUSER | unix.CLONE_NEWPID, User: unix.CLONE_NEWUSER} {
		t.Run(kind, func(t *testing.T) {
			g := family(t, flags, kind, 1<<40)
			if why, next := g.Look(); why != "" || next < often {
				t.Errorf("%q, %v", why, next)
			}
			members, err := g.members()
			if err != nil || len(members) != 2 || !slices.Contains(members, g.Pid) || slices.Contains(members, os.Getpid()) {
				t.Fatalf("members %v, %v", members, err)
			}
			g.Limit = 4096
			if why, _ := g.Look(); !strings.Contains(why, "its 2 processes had ") || !strings.Contains(why, "linux.resources.memory.limit") {
				t.Errorf("%q", why)
			}
			for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
				gone := g.ended()
				for _, pid := range members {
					gone = gone && resident(pid) == 0
				}
				if gone {
					break
				}
				if time.Now().After(end) {
					t.Fatal("they live on")
				}
			}
		})
	}
}
