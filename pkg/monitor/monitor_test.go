package monitor

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/procs"
	"github.com/urun/urun/pkg/state"
)

// TestMain is the companion itself where it is started as one.
func TestMain(m *testing.M) {
	if os.Args[0] == companion.Name {
		os.Exit(Main())
	}
	os.Exit(m.Run())
}

func soon() time.Time { return time.Now().Add(20 * time.Second) }

// a watched process, and a companion that waits for its order.
type scene struct {
	t     *testing.T
	dir   *state.Dir
	child *exec.Cmd
	order companion.Order
	c     *companion.Companion
}

func begin(t *testing.T, duties ...companion.Duty) *scene {
	t.Helper()
	dir, err := state.Store{Root: t.TempDir()}.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dir.Close)
	child := exec.Command("/bin/sleep", "1000")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	start, err := state.StartTime(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Save(state.Record{ID: "a", Pid: child.Process.Pid, StartTime: start}); err != nil {
		t.Fatal(err)
	}
	c, err := companion.Start("/proc/self/exe", "a", dir.Fd())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Kill(c.Pid, unix.SIGKILL); c.Close(); _, _ = unix.Wait4(c.Pid, nil, 0, nil) })
	return &scene{t, dir, child, companion.Order{ID: "a", Pid: child.Process.Pid, StartTime: start, Duties: duties}, c}
}

// ready gives the order and waits for the answer.
func (s *scene) ready() error {
	s.t.Helper()
	if err := s.c.Give(s.order); err != nil {
		s.t.Fatal(err)
	}
	_, err := s.c.Ready(soon())
	return err
}

// ended waits for the end of the companion and returns its status.
func (s *scene) ended() (status unix.WaitStatus) {
	s.t.Helper()
	for end := soon(); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if pid, err := unix.Wait4(s.c.Pid, &status, unix.WNOHANG, nil); pid == s.c.Pid || err != nil && err != unix.EINTR {
			return status
		}
	}
	s.t.Fatal("the companion lives on")
	return status
}

func TestOrdersThatCannotBeDone(t *testing.T) {
	ample := companion.Duty{Kind: companion.Memory, Limit: 1 << 40, Namespace: procs.Pid}
	for want, change := range map[string]func(*companion.Order){
		`the duty "cook" is not known to this version`: func(o *companion.Order) { o.Duties = append(o.Duties, companion.Duty{Kind: "cook"}) },
		"is another one: it was started at ":           func(o *companion.Order) { o.StartTime++ },
		"no limit":                                     func(o *companion.Order) { o.Duties[0].Limit = 0 },
		"no namespace":                                 func(o *companion.Order) { o.Duties[0].Namespace = "net" },
		"nothing to do":                                func(o *companion.Order) { o.Duties = nil },
		"names no process":                             func(o *companion.Order) { o.Pid = 0 },
		"process 2000000000: ":                         func(o *companion.Order) { o.Pid = 2_000_000_000 },
		"kills: ": func(o *companion.Order) {
			o.Duties[0] = companion.Duty{Kind: companion.Kills, Cgroup: "/nowhere/at/all"}
		},
		"kills: cgroups": func(o *companion.Order) { o.Duties[0] = companion.Duty{Kind: companion.Kills, Cgroup: "/sys/.."} },
	} {
		t.Run(want, func(t *testing.T) {
			s := begin(t, ample)
			change(&s.order)
			err := s.ready()
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "or no namespace", "no namespace"), want) || strings.Contains(err.Error(), "%!") {
				t.Errorf("%v", err)
			}
			if status := s.ended(); status.ExitStatus() != 1 {
				t.Errorf("it ends with %v", status)
			}
		})
	}
}

// TestNoOrder: the companion ends with an urun that never gives one.
func TestNoOrder(t *testing.T) {
	s := begin(t)
	s.c.Close()
	if status := s.ended(); !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("it ends with %v", status)
	}
}

// TestNobodyHears: an urun that was killed while it waited has written down nobody, so that nobody may stay. The container lives.
func TestNobodyHears(t *testing.T) {
	s := begin(t, companion.Duty{Kind: companion.Memory, Limit: 1 << 40, Namespace: procs.Pid})
	_ = unix.Kill(s.c.Pid, unix.SIGSTOP) // it shall not answer before
	if err := s.c.Give(s.order); err != nil {
		t.Fatal(err)
	}
	s.c.Close()
	_ = unix.Kill(s.c.Pid, unix.SIGCONT)
	if status := s.ended(); status.ExitStatus() != 1 {
		t.Errorf("it ends with %v", status)
	}
	if !state.Alive(state.Record{Pid: s.order.Pid, StartTime: s.order.StartTime}) {
		t.Error("the container went with it")
	}
}

// TestEndsWithTheContainer, and says so.
func TestEndsWithTheContainer(t *testing.T) {
	s := begin(t, companion.Duty{Kind: companion.Memory, Limit: 1 << 40, Namespace: procs.Pid})
	if err := s.ready(); err != nil {
		t.Fatal(err)
	}
	_ = s.child.Process.Kill()
	s.ended()
	if r, ok := s.dir.Report(state.Record{Pid: s.order.Pid, StartTime: s.order.StartTime}); !ok || !r.Ended || r.Killed != "" || r.OOMKills != 0 {
		t.Errorf("%+v, %v", r, ok)
	}
}

// TestHoldsTheMemory: the container is ended, and the report says why.
func TestHoldsTheMemory(t *testing.T) {
	s := begin(t, companion.Duty{Kind: companion.Memory, Limit: 4096, Namespace: procs.Pid})
	if err := s.ready(); err != nil {
		t.Fatal(err)
	}
	if err := s.child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the container ends with %v", err)
	}
	s.ended()
	if r, ok := s.dir.Report(state.Record{Pid: s.order.Pid, StartTime: s.order.StartTime}); !ok || !r.Ended || r.OOMKills != 1 || !strings.Contains(r.Killed, "its 1 processes had ") {
		t.Errorf("%+v, %v", r, ok)
	}
}

// TestInsist: what is found out before there is a record is told once there is one, and the end of the container ends the trying.
func TestInsist(t *testing.T) {
	dir, err := state.Store{Root: t.TempDir()}.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	end, done := make(chan struct{}), make(chan struct{})
	w := &watch{dir: dir, report: state.Report{Pid: 7, StartTime: 8}}
	go func() { w.insist(end, func(r *state.Report) { r.NetLost = "gone" }); close(done) }()
	rec := state.Record{ID: "a", Pid: 7, StartTime: 8}
	select {
	case <-done:
		t.Error("it gives up")
	case <-time.After(50 * time.Millisecond):
	}
	if err := dir.Save(rec); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("it waits for ever")
	}
	if r, ok := dir.Report(rec); !ok || r.NetLost != "gone" {
		t.Errorf("%+v, %v", r, ok)
	}
	close(end)
	if err := dir.Remove(); err != nil {
		t.Fatal(err)
	}
	w.insist(end, func(r *state.Report) { r.NetLost = "once more" })
}
