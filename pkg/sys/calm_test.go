package sys

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary tell what Calm has made of it.
func TestMain(m *testing.M) {
	if os.Getenv("URUN_TEST_CALM") != "" {
		Calm()
		first, _, errno := syscall.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, uintptr(os.Getpid()+1), 0, 0)
		main, _, _ := syscall.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
		println(calmed, errno == 0 && unix.Tgkill(os.Getpid(), os.Getpid()+1, 0) == nil, first, main)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestCalm: the first thread of a program is to wait for the others, unless another process has taken its number, and only it.
func TestCalm(t *testing.T) {
	for range 50 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "URUN_TEST_CALM=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		switch said := strings.Join(strings.Fields(string(out)), " "); {
		case said == "true true 3 0":
			return
		case !strings.HasPrefix(said, "false false"):
			t.Fatal(said)
		}
	}
	t.Error("no thread got the number after the process's in 50 tries")
}

// TestForkIsNotCalm: what a thread may have inherited from the monitor does not reach the child.
func TestForkIsNotCalm(t *testing.T) {
	runtime.LockOSThread() // and ends with the test
	calmed = true
	if errno := schedule(0, unix.SCHED_BATCH); errno != 0 {
		t.Fatal(errno)
	}
	c := NewCode(2, 2, 0)
	c.Ops[0] = Op{Nr: unix.SYS_SCHED_GETSCHEDULER, Dst: 1, Then: 1}
	c.Ops[1] = Op{Nr: unix.SYS_EXIT_GROUP, Args: [6]uintptr{1}, Cells: 1}
	child, err := Fork(0, c)
	c.Free()
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(child.PidFD)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(child.Pid, &status, 0, nil); err != nil || status.ExitStatus() != unix.SCHED_NORMAL {
		t.Error("the child has policy " + strconv.Itoa(status.ExitStatus()))
	}
}
