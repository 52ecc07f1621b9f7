package test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long anything may take before it counts as hung. It is no promise about speed.
var patience = slow(60 * time.Second)

// slow lengthens a time-out by the factor in URUN_TEST_SLOW: an emulated machine takes its time.
func slow(d time.Duration) time.Duration {
	factor, err := strconv.Atoi(os.Getenv("URUN_TEST_SLOW"))
	if err != nil {
		return d
	}
	return d * time.Duration(factor)
}

// A caller is an ordinary user in a session of its own: a fresh runtime directory, a known environment, bundles.
// When its test ends nothing may be left of it: see leftovers.
type caller struct {
	t          *testing.T
	dir        string // holds everything of this test; its base name marks processes and mounts
	runtimeDir string
	id         string // a container id that no other test uses
	env        []string
	flags      []string // flags in front of the command
	rootfs     []string // those of all bundles
	bundles    int
	wrap       []string // a command in front of urun, such as setpriv …
}

var callers atomic.Int32

func newCaller(t *testing.T) *caller {
	t.Helper()
	dir, err := os.MkdirTemp("", "urun-test-")
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{
		t: t, dir: dir, runtimeDir: filepath.Join(dir, "run"),
		id: fmt.Sprintf("t%d-%d", os.Getpid(), callers.Add(1)),
	}
	if err := os.Mkdir(c.runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	c.env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + dir, "XDG_RUNTIME_DIR=" + c.runtimeDir, "URUN_TEST_CANARY=of-the-caller",
	}
	t.Cleanup(c.close)
	return c
}

// close looks for what the test left and takes it away.
func (c *caller) close() {
	left := c.settle()
	if len(left) > 0 {
		c.t.Errorf("left behind:\n  %s", strings.Join(left, "\n  "))
	}
	c.killAll()
	if os.RemoveAll(c.dir) != nil { // files of sub-ids
		_ = exec.Command(urunPath, "unshare", "rm", "-rf", c.dir).Run()
	}
}

// A result is how a command ended. It prints as what one would see in a terminal.
type result struct {
	t      *testing.T
	cmd    string
	code   int
	stdout string
	stderr string
}

func (r result) String() string {
	return fmt.Sprintf("$ %s\nexit code %d\n--- stdout\n%s--- stderr\n%s---", r.cmd, r.code, r.stdout, r.stderr)
}

// urun runs the binary under test to its end.
func (c *caller) urun(args ...string) result {
	c.t.Helper()
	return c.urunIn("", nil, args...)
}

// urunIn is urun with a working directory and a standard input.
func (c *caller) urunIn(dir string, stdin io.Reader, args ...string) result {
	c.t.Helper()
	l := c.launch(func(cmd *exec.Cmd) { cmd.Dir, cmd.Stdin = dir, stdin }, args...)
	return l.wait()
}

// must is urun for a step that is not itself the question.
func (c *caller) must(args ...string) result {
	c.t.Helper()
	return c.urun(args...).exits(0)
}

// run makes a bundle and runs it in the foreground as container c.id.
func (c *caller) run(change ...change) result {
	c.t.Helper()
	return c.urun("run", "-b", c.bundle(change...), c.id)
}

func (r result) exits(code int) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("want exit code %d\n%s", code, r)
	}
	return r
}

// prints asks for exactly this standard output, line ends at the end not counted.
func (r result) prints(lines ...string) result {
	r.t.Helper()
	if want := strings.Join(lines, "\n"); strings.TrimRight(r.stdout, "\n") != want {
		r.t.Errorf("want stdout:\n%s\n%s", want, r)
	}
	return r
}

func (r result) mentions(parts ...string) result {
	r.t.Helper()
	for _, p := range parts {
		if !strings.Contains(r.stdout, p) {
			r.t.Errorf("want %q in stdout\n%s", p, r)
		}
	}
	return r
}

// complains asks for each part in standard error, upper and lower case alike.
func (r result) complains(parts ...string) result {
	r.t.Helper()
	for _, p := range parts {
		if !strings.Contains(strings.ToLower(r.stderr), strings.ToLower(p)) {
			r.t.Errorf("want %q in stderr\n%s", p, r)
		}
	}
	return r
}

// refuses is the shape of every runtime error: that exit code, a message that begins with the program's name and is
// never about pipes, and nothing left behind.
func (r result) refuses(code int, parts ...string) result {
	r.t.Helper()
	r.exits(code).complains(parts...).complains("urun: ")
	for _, bad := range []string{"EOF", "broken pipe", "panic", "goroutine", "connection reset"} {
		if strings.Contains(r.stderr, bad) {
			r.t.Errorf("%q is no explanation\n%s", bad, r)
		}
	}
	return r
}

func (r result) silent() result {
	r.t.Helper()
	if r.stderr != "" {
		r.t.Errorf("want nothing on stderr\n%s", r)
	}
	return r
}

// eventually waits until ok, which asks something that becomes true by itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not in %v", what, patience)
}
