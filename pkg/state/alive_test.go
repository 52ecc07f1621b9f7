package state

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	const tail = " 1 42 42 0 -1 4194560 96 0 0 0 0 0 0 0 20 0 1 0 1234567 2703360 100 18446744073709551615"
	for _, c := range []struct {
		raw  string
		want stat
		ok   bool
	}{
		{"42 (sh) S" + tail, stat{'S', 0x400100, 1, 1234567}, true},
		{"42 (a b) (c) R) Z" + tail, stat{'Z', 0x400100, 1, 1234567}, true},
		{"42 ()\n) T" + tail, stat{'T', 0x400100, 1, 1234567}, true},
		{"42 (sh) S 1 2 3", stat{}, false},
		{"", stat{}, false},
		{"42 sh S" + tail, stat{}, false},
	} {
		if got, ok := parseStat([]byte(c.raw)); ok != c.ok || ok && got != c.want {
			t.Errorf("parseStat(%q) = %+v, %v", c.raw, got, ok)
		}
	}
	if (stat{state: 'Z', threads: 3}).dead() || !(stat{state: 'Z', threads: 1}).dead() {
		t.Error("a zombie leader with living threads is a living process, one without is not")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (sh) S 1 42 42 0 -1 4194560 96 0 0 0 0 0 0 0 20 0 1 0 1234567 2703360"))
	f.Fuzz(func(_ *testing.T, raw []byte) { parseStat(raw) })
}

func TestAlive(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start, err := StartTime(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Pid: cmd.Process.Pid, StartTime: start, BootID: BootID()}
	if !Alive(r) {
		t.Error("a running process is not alive")
	}
	waitFor(t, "its command", func() bool { alive, begun := Begun(r); return alive && begun })
	noBoot := r
	noBoot.BootID = ""
	if !Alive(noBoot) {
		t.Error("an unknown boot id makes it dead")
	}
	other := r
	other.StartTime++
	if Alive(other) {
		t.Error("alive with another start time")
	}
	boot := r
	boot.BootID = "another"
	if Alive(boot) {
		t.Error("alive after a reboot")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the zombie to count as dead", func() bool { return !Alive(r) })
	if unix.Kill(r.Pid, 0) != nil {
		t.Error("not a zombie any more: the test proves nothing")
	}
	_ = cmd.Wait()
	if Alive(r) || Alive(Record{}) || Alive(Record{Pid: -1}) {
		t.Error("alive without a process")
	}
	if _, err := StartTime(os.Getpid()); err != nil {
		t.Error(err)
	}
}

// TestAliveWithoutDescriptors: a process that cannot be looked at has not ended for that.
func TestAliveWithoutDescriptors(t *testing.T) {
	cmd := exec.Command("sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start, err := StartTime(cmd.Process.Pid)
	r := Record{Pid: cmd.Process.Pid, StartTime: start, BootID: BootID()}
	var before unix.Rlimit
	if err == nil {
		err = unix.Getrlimit(unix.RLIMIT_NOFILE, &before)
	}
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max})
	}
	if err != nil {
		t.Fatal(err)
	}
	alive := Alive(r)
	_, starved := StartTime(r.Pid)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(starved, unix.EMFILE) || !alive {
		t.Errorf("alive: %v, want true; read: %v", alive, starved)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if Alive(r) {
		t.Error("alive without a process")
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}
