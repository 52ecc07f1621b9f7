package container

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// TestMain lets the test binary play the first process of a container as well.
func TestMain(m *testing.M) {
	if role := os.Getenv("URUN_TEST_ROLE"); role != "" {
		play(role)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play is the first process of a container: it starts some children, says so, and waits for a SIGTERM.
func play(role string) {
	_ = os.Unsetenv("URUN_TEST_ROLE")
	term := make(chan os.Signal, 1)
	signal.Notify(term, unix.SIGTERM)
	var children []*exec.Cmd
	for word := range strings.SplitSeq(role, ",") {
		cmd := exec.Command("sleep", "1000")
		switch word {
		case "nested":
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
		case "busy":
			go func() {
				for {
					_ = exec.Command("true").Run()
				}
			}()
			continue
		case "init":
			continue
		}
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		children = append(children, cmd)
	}
	for _, c := range children {
		go func() { _ = c.Wait() }()
	}
	fmt.Println("ready")
	<-term
}

// played is a process that is recorded as a container's.
type played struct {
	*testing.T
	cmd *exec.Cmd
	dir *state.Dir
	rec state.Record
}

func newRuntime(t *testing.T) *Runtime {
	t.Helper()
	return &Runtime{
		Store:  state.Store{Root: t.TempDir()},
		Notify: func(n plan.Notice) { t.Log(n) },
		Warn:   func(s string) { t.Log("warning:", s) },
		Debug:  func(string) {},
	}
}

// container starts a process in new namespaces of these kinds and records it.
func container(t *testing.T, r *Runtime, id, role string, flags uintptr) *played {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "URUN_TEST_ROLE="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Setpgid: true}
	if flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no user namespaces here: ", err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		_ = cmd.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the process says %q", line)
	}
	p := &played{T: t, cmd: cmd}
	start, err := state.StartTime(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p.rec = state.Record{
		ID: id, Bundle: "/b", Rootfs: "/b/rootfs", OCIVersion: "1.0.2", Owner: uint32(os.Geteuid()),
		Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Pid: cmd.Process.Pid, StartTime: start,
		BootID: state.BootID(), Namespaces: uint64(flags),
	}
	if p.dir, err = r.Store.Create(id); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.dir.Close)
	p.save()
	p.dir.Unlock()
	return p
}

const ownPids = unix.CLONE_NEWUSER | unix.CLONE_NEWPID

func (p *played) save() {
	p.Helper()
	if err := p.dir.Save(p.rec); err != nil {
		p.Fatal(err)
	}
}

// reap waits for the end of the process and says how it came.
func (p *played) reap() syscall.WaitStatus {
	p.Helper()
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		p.Fatal("still running")
	}
	return p.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// lives says whether any of the processes has not ended.
func lives(pids []int) bool {
	for _, pid := range pids {
		if _, ended, err := state.ProcessState(pid); err == nil && !ended {
			return true
		}
	}
	return false
}

func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("got %v, want %s", err, text)
	}
}
