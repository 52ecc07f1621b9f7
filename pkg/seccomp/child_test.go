package seccomp

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// job is what a child of the test does: it puts a filter on its thread, makes the calls, and prints their errnos as JSON;
// or it executes a program.
type job struct {
	Section *specs.LinuxSeccomp
	Calls   [][7]uint64 // number and arguments
	Exec    []string
}

const jobVariable = "URUN_SECCOMP_TEST_JOB"

// TestMain makes the test binary its own child.
func TestMain(m *testing.M) {
	text := os.Getenv(jobVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	runtime.LockOSThread()
	f, err := Compile(j.Section, Native())
	if err != nil {
		panic(err)
	}
	if err := load(f); err != nil {
		panic(err)
	}
	if j.Exec != nil {
		panic(unix.Exec(j.Exec[0], j.Exec, os.Environ()))
	}
	errnos := make([]unix.Errno, len(j.Calls))
	for i, c := range j.Calls {
		_, _, errnos[i] = unix.RawSyscall6(uintptr(c[0]), uintptr(c[1]), uintptr(c[2]), uintptr(c[3]), uintptr(c[4]),
			uintptr(c[5]), uintptr(c[6]))
	}
	if err := json.NewEncoder(os.Stdout).Encode(errnos); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// load is what a runtime does with a filter.
func load(f *Filter) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(f.Insns)), Filter: &f.Insns[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(f.Flags), uintptr(unsafe.Pointer(&prog)))
	switch {
	case errno != 0:
		return errno
	case f.Listener != (fd > 0):
		return errors.New("a descriptor and no listener, or the other way round")
	}
	return nil
}

// run starts a child. What it died of, if it did, is a signal or an exit code.
func (j job) run(t *testing.T) (stdout, stderr string, status syscall.WaitStatus) {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// errnos are the answers to the calls of a job.
func (j job) errnos(t *testing.T) []unix.Errno {
	t.Helper()
	stdout, stderr, status := j.run(t)
	var errnos []unix.Errno
	if err := json.Unmarshal([]byte(stdout), &errnos); err != nil || status != 0 {
		t.Fatalf("status %#x: %v\n%s%s", int(status), err, stdout, stderr)
	}
	return errnos
}
