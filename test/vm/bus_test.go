//go:build vm

package vm

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/bus"
	"github.com/urun/urun/pkg/cgroup"
)

// The guest is emulated: what takes milliseconds elsewhere may take a second.
func patience() time.Time { return time.Now().Add(time.Minute) }

// managers connects to the user's manager in both ways.
func managers(t *testing.T) map[string]bus.Manager {
	t.Helper()
	dir := os.Getenv("XDG_RUNTIME_DIR")
	session, err := bus.Session(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), dir, patience())
	if err != nil {
		t.Fatal(err)
	}
	private, err := bus.Private(dir, patience())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(); private.Close() })
	return map[string]bus.Manager{"session": {Conn: session}, "private": {Conn: private}}
}

// waiting starts a process that does as the shell script says once something is written to the answer.
func waiting(t *testing.T, script string) (*exec.Cmd, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "read go; "+script)
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	t.Cleanup(func() {
		w.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, w
}

// begin makes a scope around a new process, with the resources as properties, and opens its cgroup.
func begin(t *testing.T, m bus.Manager, name, script string, r *specs.LinuxResources) (*exec.Cmd, *os.File, *cgroup.Dir) {
	t.Helper()
	u, err := cgroup.ParseUnit("", name)
	if err != nil {
		t.Fatal(err)
	}
	version, err := m.Version(patience())
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := cgroup.Settings(r)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := cgroup.Properties(settings, version)
	if err != nil {
		t.Fatal(err)
	}
	cmd, w := waiting(t, script)
	if err := m.Start(patience(), u.Name, cgroup.Merge(u.Properties(cmd.Process.Pid, name), limits)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Stop(patience(), u.Name), m.ResetFailed(patience(), u.Name)); err != nil {
			t.Error(err)
		}
	})
	place, err := cgroup.PlaceOf(strconv.Itoa(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if told, err := m.Cgroup(patience(), u.Name); err != nil || told != place.Unified || !strings.HasSuffix(told, "/app.slice/"+u.Name) {
		t.Errorf("systemd says %s (%v), the kernel %s", told, err, place.Unified)
	}
	d, err := cgroup.Open(place.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return cmd, w, d
}

func pointer[T any](n T) *T { return &n }

// TestBusScope goes through the life of a container's cgroup, over the bus and over systemd's own socket.
func TestBusScope(t *testing.T)      { busScope(t) }
func TestPlainBusScope(t *testing.T) { busScope(t) }

func busScope(t *testing.T) {
	for by, m := range managers(t) {
		t.Run(by, func(t *testing.T) {
			r := &specs.LinuxResources{
				Memory: &specs.LinuxMemory{Limit: pointer(int64(64 << 20)), Swap: pointer(int64(64 << 20))},
				CPU:    &specs.LinuxCPU{Shares: pointer(uint64(512)), Quota: pointer(int64(33333)), Period: pointer(uint64(100000))},
				Pids:   &specs.LinuxPids{Limit: pointer(int64(20))},
			}
			cmd, _, d := begin(t, m, "scope-"+by, "exit", r)
			for file, want := range map[string]string{"memory.max": "67108864", "pids.max": "20", "cpu.weight": "59", "cpu.max": "34000 100000"} {
				if got, err := d.Read(file); err != nil || strings.TrimSpace(got) != want {
					t.Errorf("%s is %q (%v), not %s", file, got, err, want)
				}
			}
			sub, err := cgroup.Inspect(d.Path())
			if err != nil || !sub.Writable {
				t.Fatalf("the scope is %v, %v", sub, err)
			}
			inside(t, d, cmd.Process.Pid, r)
			if err := m.Stop(patience(), "urun-scope-"+by+".scope"); err != nil {
				t.Error(err)
			}
			if state, err := m.State(patience(), "urun-scope-"+by+".scope"); state != "inactive" || err != nil {
				t.Errorf("after the stop it is %q, %v", state, err)
			}
			if _, err := os.Stat(d.Path()); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", d.Path(), err)
			}
		})
	}
}

// inside makes a container's cgroup in the scope, with the exact limits, and does with it what the verbs do.
func inside(t *testing.T, d *cgroup.Dir, pid int, r *specs.LinuxResources) {
	settings, _, err := cgroup.Settings(r)
	if err != nil {
		t.Fatal(err)
	}
	needed := cgroup.Controllers(settings)
	if _, err := d.Enable(needed); !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), "have to move into a cgroup below") {
		t.Errorf("controllers beside a process: %v", err)
	}
	if err := d.Evacuate("supervisor"); err != nil {
		t.Fatal(err)
	}
	c, lacking, err := d.Grow("container", needed)
	if err != nil || len(lacking) > 0 {
		t.Fatal(err, lacking)
	}
	defer c.Close()
	if err := c.Add(pid); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Apply(settings) {
		t.Error(f)
	}
	if got, err := c.Read("cpu.max"); err != nil || got != "33333 100000\n" {
		t.Errorf("cpu.max is %q, %v", got, err)
	}
	if pids, err := d.Procs(); err != nil || !slices.Equal(pids, []int{pid}) {
		t.Errorf("processes %v, %v", pids, err)
	}
	if s, err := c.Stats(); err != nil || s.Memory == nil || s.Memory.Max != 64<<20 || s.Pids == nil || s.Pids.Current != 1 || s.Pids.Max != 20 {
		t.Errorf("stats %+v, %v", s, err)
	}
	if err := errors.Join(c.Freeze(patience()), c.Thaw(), c.Kill(patience()), d.Remove("container", patience())); err != nil {
		t.Error(err)
	}
}

// TestBusNames: a unit that failed does not stand in the way of a new one of its name, one that is active does.
func TestBusNames(t *testing.T) {
	for by, m := range managers(t) {
		t.Run(by, func(t *testing.T) {
			name := "urun-names-" + by + ".scope"
			t.Cleanup(func() { _ = errors.Join(m.Stop(patience(), name), m.ResetFailed(patience(), name)) })
			first, _ := waiting(t, "exit")
			// Without CollectMode a scope that ran out of time stays, as failed.
			list := []bus.Property{{Name: "PIDs", Value: []uint32{uint32(first.Process.Pid)}}, {Name: "RuntimeMaxUSec", Value: uint64(500_000)}}
			if err := m.Start(patience(), name, list); err != nil {
				t.Fatal(err)
			}
			for state := ""; state != "failed"; {
				var err error
				if state, err = m.State(patience(), name); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
			second, _ := waiting(t, "exit")
			list = []bus.Property{{Name: "PIDs", Value: []uint32{uint32(second.Process.Pid)}}}
			if err := m.Start(patience(), name, list); err != nil {
				t.Fatalf("beside a failed one: %v", err)
			}
			third, _ := waiting(t, "exit")
			list = []bus.Property{{Name: "PIDs", Value: []uint32{uint32(third.Process.Pid)}}}
			if err := m.Start(patience(), name, list); !bus.IsExists(err) || !strings.Contains(err.Error(), "systemctl --user stop "+name) {
				t.Errorf("beside an active one: %v", err)
			}
		})
	}
}

// TestBusRefused: what systemd refuses comes with its words.
func TestBusRefused(t *testing.T) {
	m := managers(t)["session"]
	for _, test := range []struct {
		list []bus.Property
		want string
	}{
		{nil, "urun-refused.scope failed to load properly"},
		{[]bus.Property{{Name: "NoSuch", Value: true}}, "NoSuch"},
		{[]bus.Property{{Name: "MemoryMax", Value: uint64(0)}}, "MemoryMax"},
		{[]bus.Property{{Name: "PIDs", Value: []uint32{1}}}, "Process 1 is a manager process"},
	} {
		err := m.Start(patience(), "urun-refused.scope", test.list)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: error %v, want %q", test.list, err, test.want)
		}
	}
}

// TestBusLimits: the limits hold, and are counted.
func TestBusLimits(t *testing.T) {
	m := managers(t)["session"]
	for _, test := range []struct {
		name, script string
		r            specs.LinuxResources
		held         func(cgroup.Stats) bool
	}{
		{"memory", "head -c 100000000 /dev/zero | tail >/dev/null",
			specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: pointer(int64(32 << 20)), Swap: pointer(int64(32 << 20))}},
			func(s cgroup.Stats) bool { return s.Memory != nil && s.Memory.OOMKill > 0 }},
		{"pids", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait",
			specs.LinuxResources{Pids: &specs.LinuxPids{Limit: pointer(int64(5))}},
			func(s cgroup.Stats) bool { return s.Pids != nil && s.Pids.Refused > 0 }},
		{"cpu", "timeout 3 sh -c 'while :; do :; done'",
			specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: pointer(int64(10000))}},
			func(s cgroup.Stats) bool { return s.CPU.Throttled > 0 && s.CPU.ThrottledTime > 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A scope ends with its last process; this one lets us look at what was counted.
			cmd, w, d := begin(t, m, "limits-"+test.name, "{ "+test.script+"; }; sleep 100", &test.r)
			if _, err := w.WriteString("go\n"); err != nil {
				t.Fatal(err)
			}
			for deadline := patience(); ; time.Sleep(100 * time.Millisecond) {
				s, err := d.Stats()
				if err != nil {
					t.Fatal(err)
				}
				if test.held(s) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("the limit is not held (process %d): %+v %+v %+v", cmd.Process.Pid, s.CPU, s.Memory, s.Pids)
				}
			}
		})
	}
}

// TestPlainBusLacking: a controller that was not delegated is named, with what root can do, and takes none with it.
func TestPlainBusLacking(t *testing.T) {
	m := managers(t)["session"]
	settings, _, err := cgroup.Settings(&specs.LinuxResources{
		CPU: &specs.LinuxCPU{Cpus: "0"}, Pids: &specs.LinuxPids{Limit: pointer(int64(9))}, Unified: map[string]string{"hugetlb.2MB.max": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, d := begin(t, m, "lacking", "exit", nil)
	if err := d.Evacuate("supervisor"); err != nil {
		t.Fatal(err)
	}
	c, lacking, err := d.Grow("container", cgroup.Controllers(settings))
	if err != nil || !slices.Equal(lacking, []string{"cpuset", "hugetlb"}) {
		t.Fatal(lacking, err)
	}
	defer c.Close()
	failures := c.Apply(settings)
	if len(failures) != 2 || !failures[0].Lacking() || !strings.Contains(failures[0].Error(),
		"linux.resources.cpu.cpus: write 0 to cpuset.cpus: no such file or directory (the controller cpuset is not delegated to ") ||
		!strings.Contains(failures[0].Fix, "Delegate=") || !strings.Contains(failures[1].Fix, "only root") {
		t.Errorf("%q", failures)
	}
	if got, err := c.Read("pids.max"); got != "9\n" || err != nil {
		t.Errorf("pids.max is %q, %v", got, err)
	}
}
