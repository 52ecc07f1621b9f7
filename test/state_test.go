package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOfParallelCreatesExactlyOneWins(t *testing.T) {
	c := newCaller(t)
	for range 5 {
		var all []*live
		dir := c.bundle(inside("forever"))
		for range 6 {
			all = append(all, c.launch(nil, "create", "-b", dir, c.id))
		}
		won := 0
		for _, l := range all {
			r := l.wait()
			if r.code == 0 {
				won++
				continue
			}
			r.refuses(1, "exist")
		}
		if won != 1 {
			t.Fatalf("%d of %d creates won", won, len(all))
		}
		c.must("start", c.id)
		c.must("delete", "-f", c.id)
		c.nothingLeft()
	}
}

func TestAnIdInUseIsRefused(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	pid := c.state(id).Pid
	dir := c.bundle()
	c.urun("create", "-b", dir, id).refuses(1, id, "exist")
	c.urun("run", "-b", dir, id).refuses(1, id, "exist")
	if now := c.state(id).Pid; now != pid {
		t.Errorf("process %d was %d before", now, pid)
	}
}

func TestSIGKILLInTheMiddleOfCreateLeavesNothingThatMatters(t *testing.T) {
	c := newCaller(t)
	killedInTheMiddle(t, c, c.bundle(inside("forever")))
}

// The same with urun-monitor, whose start and order are one more moment at which urun can be killed.
func TestSIGKILLInTheMiddleOfCreateLeavesNoMonitor(t *testing.T) {
	c, limit := withoutCgroup(t, 64)
	killedInTheMiddle(t, c, c.bundle(limit, inside("forever")))
}

func killedInTheMiddle(t *testing.T, c *caller, dir string) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 50 {
		l := c.launch(nil, "create", "-b", dir, c.id)
		wait := time.Duration(random.Int64N(int64(25 * time.Millisecond)))
		time.Sleep(wait)
		_ = l.cmd.Process.Kill()
		r := l.wait()
		note := fmt.Sprintf("round %d, killed after %v (seed %d): ", i, wait, seed)
		c.must("list")
		if i%2 == 0 {
			eventually(t, note+"the next create works", func() bool {
				again := c.urun("create", "-b", dir, c.id)
				if again.code != 0 && !strings.Contains(again.stderr, "exist") {
					t.Fatalf("%sthe next create trips\n%s\n%s", note, r, again)
				}
				// A process that urun was about to start holds its lock until it is executed.
				return again.code == 0 || strings.Contains(c.urun("state", c.id).stdout, `"status": "created"`)
			})
			c.must("start", c.id)
		}
		c.must("delete", "-f", c.id)
		if left := c.settle(); len(left) > 0 {
			t.Fatalf("%sleft behind: %v\n%s", note, left, r)
		}
	}
}

func TestSIGKILLOfAForegroundRunLeavesAContainerThatCanBeDeleted(t *testing.T) {
	c := newCaller(t)
	l := c.launch(nil, "run", "-b", c.bundle(inside("forever")), c.id)
	l.expect("ready")
	_ = l.cmd.Process.Kill()
	l.wait()
	c.must("delete", "-f", c.id)
	c.nothingLeft()
}

// stateFile is the record of a container.
func (c *caller) stateFile(id string) string {
	return filepath.Join(c.runtimeDir, "urun", id, "state.json")
}

func TestACorruptRecordNeverBreaksList(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "garbage": "\x00{]", "half": `{"id": "x", "pi`, "wrong types": `{"pid": "one", "id": 7}`, "a list": "[]"} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			id := c.detached(inside("forever"))
			bad := id + "-bad"
			c.must("create", "-b", c.bundle(), bad)
			pid := c.state(bad).Pid
			writeFile(t, c.stateFile(bad), text)
			c.must("list").mentions(id)
			c.must("list", "-q").mentions(id)
			c.must("list", "-f", "json").mentions(id)
			if r := c.urun("state", bad); r.code != 1 || r.stdout != "" {
				t.Errorf("state of a corrupt container\n%s", r)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL) // its number is lost
			c.must("delete", "-f", bad)
			c.must("list", "-q").prints(id)
			c.must("create", "-b", c.bundle(), bad)
			c.must("delete", "-f", bad)
		})
	}
}

func TestAnIdOfAnEarlierBootIsReusable(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"))
	c.must("create", "-b", dir, c.id)
	file := c.stateFile(c.id)
	var record map[string]any
	if err := json.Unmarshal([]byte(readFile(t, file)), &record); err != nil {
		t.Fatal(err)
	}
	c.must("delete", "-f", c.id)
	known := false
	for key := range record {
		if strings.EqualFold(key, "bootid") {
			record[key], known = "00000000-0000-0000-0000-000000000000", true
		}
	}
	if !known {
		t.Fatalf("the record has no boot id: %v", record)
	}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, string(text))
	c.must("list")
	c.must("create", "-b", dir, c.id)
	c.must("delete", "-f", c.id)
}

func TestAReusedProcessNumberIsNotTheContainer(t *testing.T) {
	c := newCaller(t)
	l := c.launchCommand(nil, insidePath, "forever")
	l.expect("ready")
	id := c.detached(inside("exit 0"))
	eventually(t, "it stops", func() bool { return c.state(id).Status == "stopped" })
	file := c.stateFile(id)
	var record map[string]any
	if err := json.Unmarshal([]byte(readFile(t, file)), &record); err != nil {
		t.Fatal(err)
	}
	record["pid"] = l.cmd.Process.Pid // but not its start time
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, string(text))
	if s := c.state(id).Status; s != "stopped" {
		t.Errorf("a stranger's process makes the container %s", s)
	}
	c.must("delete", "-f", id)
	l.signal(syscall.SIGTERM)
	l.wait().exits(0).mentions("got TERM")
}

func TestStateDirectoryIsPrivate(t *testing.T) {
	c := newCaller(t)
	c.detached(inside("forever"))
	for _, dir := range []string{filepath.Join(c.runtimeDir, "urun"), filepath.Join(c.runtimeDir, "urun", c.id)} {
		fi, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, want 0700", dir, fi.Mode())
		}
	}
	if fi, err := os.Stat(filepath.Join(c.runtimeDir, "urun")); err != nil || fi.Mode()&os.ModeSticky == 0 {
		t.Errorf("no sticky bit: the directory may be cleaned up (%v)", err)
	}
}

// without drops a variable from the caller's environment.
func (c *caller) without(variable string) {
	c.env = slices.DeleteFunc(c.env, func(e string) bool { return strings.HasPrefix(e, variable+"=") })
}

func TestWithoutXDGRuntimeDirItWorks(t *testing.T) {
	for name, value := range map[string]string{"unset": "", "missing": "/nowhere", "of somebody else": "/proc"} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			c.without("XDG_RUNTIME_DIR")
			if value != "" {
				c.env = append(c.env, "XDG_RUNTIME_DIR="+value)
			}
			tmp := filepath.Join(c.dir, "tmp")
			if err := os.Mkdir(tmp, 0o700); err != nil {
				t.Fatal(err)
			}
			c.env = append(c.env, "TMPDIR="+tmp)
			r := c.run(inside("print works")).exits(0).prints("works")
			private := filepath.Join(tmp, fmt.Sprintf("urun-%d", os.Getuid()))
			if _, err := os.Stat(fmt.Sprintf("/run/user/%d", os.Getuid())); err == nil {
				return // the better place was there
			}
			if fi, err := os.Stat(private); err != nil || fi.Mode().Perm() != 0o700 {
				t.Errorf("want a private %s (%v)\n%s", private, err, r)
			}
			r.complains("XDG_RUNTIME_DIR")
			c.must("list", "-f", "json").prints("null").silent()
			tm := newTerminal(t, 24, 80) // where a person reads it, who looks for a container
			tm.launch(c, "list", "-q").wait()
			shows(t, tm.screen, "urun: notice: state is in "+private)
		})
	}
}

func TestRootMayBeChosen(t *testing.T) {
	c := newCaller(t)
	dir := filepath.Join(c.dir, "state")
	c.must("--root", dir, "list").silent()
	c.urun("--root", dir, "delete", c.id).refuses(1, "does not exist", dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("made by those that only look")
	}
	c.must("--root", dir, "create", "-b", c.bundle(), c.id)
	c.must("list", "-q").prints("")
	c.must("--root", dir, "list", "-q").prints(c.id)
	c.env = append(c.env, "URUN_ROOT="+dir)
	c.must("list", "-q").prints(c.id)
	c.must("delete", "-f", c.id)
	c.urun("--root", "/", "list").refuses(1, "state directory")
}

func TestAStateDirectoryThatIsNotOursIsRefused(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle()
	c.flags = []string{"--root", "/proc/urun"}
	c.urun("create", "-b", dir, c.id).refuses(1, "--root", "/proc/urun")
	c.must("list", "-q").prints("").silent() // nothing is there, and nothing need be
	c.flags = []string{"--root", filepath.Join(c.dir, "locked")}
	if err := os.Mkdir(filepath.Join(c.dir, "locked"), 0); err != nil {
		t.Fatal(err)
	}
	c.urun("create", "-b", dir, c.id).refuses(1, "locked", "permission denied")
	_ = os.Chmod(filepath.Join(c.dir, "locked"), 0o700)
}

func TestAFullDiskInTheStateDirectoryIsToldAndLeavesNothing(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("forever"))
	full := filepath.Join(c.dir, "full")
	if err := os.Mkdir(full, 0o700); err != nil {
		t.Fatal(err)
	}
	c.wrap = inNamespace("mount -t tmpfs -o size=4k tmpfs " + full)
	c.flags = []string{"--root", full}
	c.urun("create", "-b", dir, c.id).refuses(1, "no space left on device")
	c.nothingLeft()
}
