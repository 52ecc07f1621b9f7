package test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// watched is what state says about who watches a container.
type watched struct {
	Status   string
	OOMKills *uint64
	Monitor  *struct {
		By, Status, Lost string
		Pid              int
	}
	OutOfMemory string
}

func (c *caller) watched(id string) watched {
	c.t.Helper()
	r := c.must("state", id)
	var w watched
	if err := json.Unmarshal([]byte(r.stdout), &w); err != nil {
		c.t.Fatalf("%v\n%s", err, r)
	}
	if w.Monitor == nil {
		c.t.Fatalf("nobody watches\n%s", r)
	}
	return w
}

// monitors are the processes that watch containers of this caller.
func (c *caller) monitors() []int {
	return slices.DeleteFunc(c.processes(), func(pid int) bool {
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return !strings.HasPrefix(string(cmdline), "urun-monitor\x00")
	})
}

// withoutCgroup limits the memory of all processes together where no cgroup does.
func withoutCgroup(t *testing.T, mib int64) (*caller, change) {
	c := newCaller(t)
	c.flags = []string{"--cgroup-manager", "disabled"}
	return c, limited(specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ref(mib << 20)}})
}

// herds has processes of which each keeps to a limit of 128 MiB (a Go program has some 45 MiB of data that it does not touch),
// and all together have more.
const herds = "herd 4 40 -- forever"

func TestMemoryOfAllTogether(t *testing.T) {
	c, limit := withoutCgroup(t, 128)
	r := c.run(limit, inside(herds)).exits(137)
	r.complains("URUN-CG-003", "urun ends the container when all together have more", "urun has ended the container", "linux.resources.memory.limit", "128.0 MiB")
	c, limit = withoutCgroup(t, 400)
	c.run(limit, inside("herd 4 20 -- print well")).exits(0).prints("well")
}

// TestMemoryOfAllTogetherIsWatched: the same where urun does not stay, and what state says afterwards.
func TestMemoryOfAllTogetherIsWatched(t *testing.T) {
	c, limit := withoutCgroup(t, 128)
	id := c.detached(limit, inside(herds))
	c.becomes(id, specs.StateStopped)
	w := c.watched(id)
	if w.Monitor.By != "urun-monitor" || w.Monitor.Status != "done" || w.Monitor.Pid != 0 || w.OOMKills == nil || *w.OOMKills != 1 ||
		!strings.Contains(w.OutOfMemory, "urun-monitor has ended the container: its ") {
		t.Errorf("%+v, monitor %+v", w, w.Monitor)
	}
	c.must("delete", id)
	c.nothingLeft()
}

// TestMemoryIsWatchedWithTheHostsPids: without a pid namespace it is the user namespace that tells the container's processes.
func TestMemoryIsWatchedWithTheHostsPids(t *testing.T) {
	c, limit := withoutCgroup(t, 128)
	id := c.detached(limit, func(s *specs.Spec) {
		s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.PIDNamespace })
		s.Mounts = slices.DeleteFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == "/proc" })
		s.Mounts = append(s.Mounts, specs.Mount{Destination: "/proc", Type: "bind", Source: "/proc", Options: []string{"rbind"}})
	}, inside(herds))
	c.becomes(id, specs.StateStopped)
	eventually(t, "all its processes are gone", func() bool { return len(c.processes()) == 0 })
	c.must("delete", id)
}

// TestMonitorIsOnItsOwn: it has nothing of its caller's, and nobody looks into it.
func TestMonitorIsOnItsOwn(t *testing.T) {
	c, limit := withoutCgroup(t, 64)
	id := c.created(limit, inside("forever"))
	pid := c.watched(id).Monitor.Pid
	if all := c.monitors(); !slices.Equal(all, []int{pid}) {
		t.Fatalf("monitors %v, state says %d", all, pid)
	}
	proc := fmt.Sprintf("/proc/%d/", pid)
	if sid, err := syscall.Getpgid(pid); err != nil || sid != pid {
		t.Errorf("it is in the process group %d (%v)", sid, err)
	}
	for _, hidden := range []string{"cwd", "exe", "fd/0"} {
		if to, err := os.Readlink(proc + hidden); err == nil {
			t.Errorf("%s leads to %s", hidden, to)
		}
	}
	status := readFile(t, proc+"status")
	rss := regexp.MustCompile(`VmRSS:\s*(\d+) kB`).FindStringSubmatch(status)
	if rss == nil {
		t.Fatalf("no VmRSS in %s", status)
	}
	if kb, _ := strconv.Atoi(rss[1]); kb == 0 || kb > 12<<10 {
		t.Errorf("it has %d kB of memory\n%s", kb, status)
	}
	// The container's root is the same user outside, and does not see it.
	c.must("start", id)
	if r := c.must("exec", id, "/inside", "pids"); strings.Contains(" "+r.stdout+" ", " "+strconv.Itoa(pid)+" ") {
		t.Errorf("the container sees it\n%s", r)
	}
	if slices.Contains(c.pids(id), pid) {
		t.Error("ps counts it")
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		if err := syscall.Kill(pid, sig); err != nil {
			t.Fatal(err)
		}
	}
	if w := c.watched(id); w.Monitor.Status != "watching" || w.Monitor.Pid != pid {
		t.Errorf("after signals: %+v", w.Monitor)
	}
}

// TestMonitorHoldsNothingOfTheCallers: a script that waits for the end of a pipe is not kept by who watches a container in the
// background, nor by the container.
func TestMonitorHoldsNothingOfTheCallers(t *testing.T) {
	c, limit := withoutCgroup(t, 64)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	c.launch(func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{w, w, w, w} }, "run", "-d", "-b", c.bundle(limit, inside("forever")), c.id).wait().exits(0)
	w.Close()
	if len(c.monitors()) != 1 {
		t.Fatalf("monitors %v", c.monitors())
	}
	_ = r.SetReadDeadline(time.Now().Add(slow(10 * time.Second)))
	if n, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("it is not closed: %d, %v", n, err)
	}
}

// TestMonitorEndsWithItsContainer, however that ends.
func TestMonitorEndsWithItsContainer(t *testing.T) {
	for how, end := range map[string]func(c *caller, pid int){
		"its process is killed": func(c *caller, pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) },
		"kill":                  func(c *caller, pid int) { c.must("kill", c.id, "KILL") },
		"delete --force":        func(c *caller, pid int) { c.must("delete", "--force", c.id) },
	} {
		for _, verb := range []string{"create", "run"} {
			t.Run(verb+", "+how, func(t *testing.T) {
				c, limit := withoutCgroup(t, 64)
				begin := map[string]func(...change) string{"create": c.created, "run": c.detached}[verb]
				id := begin(limit, inside("forever"))
				if n := len(c.monitors()); n != 1 {
					t.Fatalf("%d monitors", n)
				}
				end(c, c.state(id).Pid)
				eventually(t, "the monitor has ended", func() bool { return len(c.monitors()) == 0 })
				if how != "delete --force" {
					c.becomes(id, specs.StateStopped)
					if w := c.watched(id); w.Monitor.Status != "done" || w.OutOfMemory != "" {
						t.Errorf("%+v, %+v", w, w.Monitor)
					}
					c.must("delete", id)
				}
				c.nothingLeft()
			})
		}
	}
}

// TestMonitorIsKilled: the container goes on, and state says what is lost.
func TestMonitorIsKilled(t *testing.T) {
	c, limit := withoutCgroup(t, 64)
	id := c.detached(limit, inside("forever"))
	if err := syscall.Kill(c.watched(id).Monitor.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the monitor has ended", func() bool { return len(c.monitors()) == 0 })
	w := c.watched(id)
	if w.Status != "running" || w.Monitor.Status != "lost" || !strings.Contains(w.Monitor.Lost, "nobody holds all processes together") {
		t.Errorf("%+v, %+v", w, w.Monitor)
	}
	c.must("exec", id, "/inside", "id").exits(0)
	c.must("kill", id, "KILL")
	c.becomes(id, specs.StateStopped)
	if w := c.watched(id); w.Monitor.Status != "lost" {
		t.Errorf("after the end: %+v", w.Monitor)
	}
	c.must("delete", id)
	c.nothingLeft()
}

// TestWithoutAMonitor: the container does without one that is not there or does not work, and that is told.
func TestWithoutAMonitor(t *testing.T) {
	script := filepath.Join(t.TempDir(), "monitor")
	if err := os.WriteFile(script, []byte("#!/nowhere\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/nowhere/urun-monitor": "URUN_MONITOR=/nowhere/urun-monitor is no program",
		"/bin/false":            "URUN-CG-005", "/bin/sleep": "URUN-CG-005", script: "URUN-CG-005",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, limit := withoutCgroup(t, 64)
			c.env = append(c.env, "URUN_MONITOR="+path)
			r := c.must("run", "-d", "-b", c.bundle(limit, inside("forever")), c.id).complains("URUN-CG-003", want)
			t.Cleanup(func() { c.urun("delete", "--force", c.id) })
			if w := c.watched(c.id); w.Monitor.Status != "lost" || w.Monitor.Lost == "" || w.Status != "running" {
				t.Errorf("%+v, %+v\n%s", w, w.Monitor, r)
			}
			c.must("delete", "--force", c.id)
			c.nothingLeft()
		})
	}
}

// TestNoMonitorWithoutNeed: a container without limits has none, and one in the foreground neither.
func TestNoMonitorWithoutNeed(t *testing.T) {
	c := newCaller(t)
	id := c.detached(inside("forever"))
	if all := c.monitors(); len(all) > 0 || strings.Contains(c.must("state", id).stdout, "monitor") {
		t.Errorf("monitors %v", all)
	}
	c, limit := withoutCgroup(t, 64)
	l := c.launch(nil, "run", "-b", c.bundle(limit, inside("write /ready yes -- forever")), c.id)
	eventually(t, "it runs", func() bool { _, err := os.Lstat(filepath.Join(c.rootfs[0], "ready")); return err == nil })
	if w := c.watched(c.id); w.Monitor.By != "urun" || w.Monitor.Status != "watching" || len(c.monitors()) > 0 {
		t.Errorf("%+v, monitors %v", w.Monitor, c.monitors())
	}
	c.must("kill", c.id, "KILL")
	l.wait().exits(137)
}

// TestMonitorOfAnInstalledUrun: it is found in libexec, also by the sealed copy that urun makes of a binary that its user may write.
func TestMonitorOfAnInstalledUrun(t *testing.T) {
	c, limit := withoutCgroup(t, 64)
	prefix := t.TempDir()
	installed := filepath.Join(prefix, "bin", "urun")
	for from, to := range map[string]string{
		urunPath: installed, filepath.Join(filepath.Dir(urunPath), "urun-monitor"): filepath.Join(prefix, "libexec", "urun", "urun-monitor"),
	} {
		raw, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, raw, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := c.bundle(limit, inside("forever"))
	words := append(append([]string{installed}, c.flags...), "run", "-d", "-b", dir, c.id)
	c.launchCommand(nil, words...).wait().exits(0)
	t.Cleanup(func() { c.urun("delete", "--force", c.id) })
	if w := c.watched(c.id); w.Monitor.Status != "watching" {
		t.Errorf("%+v", w.Monitor)
	}
	if r := c.must("exec", c.id, "/inside", "env"); strings.Contains(r.stdout, "URUN_") {
		t.Errorf("the container's environment tells of urun\n%s", r)
	}
	c.must("delete", "--force", c.id)
	c.nothingLeft()
}

// TestUpdateOfWhatIsWatched: the watcher goes by the limit that holds now.
func TestUpdateOfWhatIsWatched(t *testing.T) {
	c, limit := withoutCgroup(t, 400)
	id := c.detached(limit, inside("herd 4 20 -- forever"))
	eventually(t, "the herd has eaten", func() bool { return len(c.pids(id)) == 5 })
	if w := c.watched(id); w.Status != "running" {
		t.Fatalf("%+v", w)
	}
	c.must("update", "--memory", "64m", id)
	c.becomes(id, specs.StateStopped)
	if w := c.watched(id); !strings.Contains(w.OutOfMemory, "64.0 MiB") {
		t.Errorf("%+v", w)
	}
}
