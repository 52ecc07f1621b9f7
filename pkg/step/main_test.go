package step_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/copyup"
	"github.com/urun/urun/pkg/step"
)

// TestMain is also what containers of these tests execute: with URUN_TEST_SAY it tells what it finds and ends.
func TestMain(m *testing.M) {
	if copyup.Asked(os.Args) {
		os.Exit(copyup.Main(os.Args[1:]))
	}
	if what := os.Getenv("URUN_TEST_SAY"); what != "" {
		say(what)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func say(what string) {
	switch what {
	case "args":
		fmt.Print(strings.Join(os.Args, " "))
	case "status":
		b, _ := os.ReadFile("/proc/self/status")
		fmt.Print(string(b))
	case "clock":
		var now unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
		fmt.Print(now.Sec)
	case "descriptors":
		for fd := range 100 { // Go's runtime opens some of its own
			if target(fd) == target(0) {
				fmt.Print(fd, " ")
			}
		}
	case "terminal":
		var st unix.Stat_t
		_ = unix.Fstat(0, &st)
		size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		tty, ttyErr := os.Open("/dev/tty")
		fmt.Printf("owner %d:%d size %dx%d %v controlling %v", st.Uid, st.Gid, size.Row, size.Col, err, ttyErr == nil)
		_ = tty.Close()
	}
}

func target(fd int) string {
	link, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	return link
}

// saying is the last step of a child that executes this test binary to answer a question.
func saying(t *testing.T, what string, args ...string) step.Exec {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return step.Exec{Files: []string{exe}, Args: append([]string{filepath.Base(exe)}, args...), Env: []string{"URUN_TEST_SAY=" + what, "GODEBUG="}}
}

// answer has a child do steps, the last of which is a saying, and returns what it said.
func answer(t *testing.T, flags uint64, steps ...step.Step) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	last := len(steps) - 1
	list := append([]step.Step{}, steps[:last]...)
	list = append(list, step.Redirect{Input: "out", FD: 1}, steps[last])
	c, err := start(t, flags, map[string]int{"out": int(w.Fd())}, list...)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if status := c.wait(); status != 0 {
		t.Errorf("wait status %#x", status)
	}
	return b.String()
}

// field is a line of status (proc(5)).
func field(t *testing.T, status, name string) string {
	t.Helper()
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("status has no %s", name)
	return ""
}
