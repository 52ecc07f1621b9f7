package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// kib is an amount of memory in KiB, as /proc counts it.
type kib int64

func (k kib) String() string { return fmt.Sprintf("%.1f MB", float64(k)/1024) }

// optExitKill is PTRACE_O_EXITKILL of ptrace(2), which package syscall does not name.
const optExitKill = 0x100000

// peak runs a command and returns the most memory that its own process had in RAM (VmHWM). It stops the process at
// its very end to ask, because the figure of wait4(2) is of no use here: it begins with what the bench itself had,
// as the memory of both is one until the execve.
func peak(argv []string) (kib, error) {
	runtime.LockOSThread() // only the thread that began to trace may go on with it
	defer runtime.UnlockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()

	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), null.Fd(), null.Fd()},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", argv[0], err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return 0, fmt.Errorf("wait for %s: %w", argv[0], err)
	}
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACEEXIT|optExitKill); err != nil {
		return 0, fmt.Errorf("trace %s: %w", argv[0], err)
	}
	return followToExit(pid)
}

// followToExit lets a traced process, stopped at its start, run on and reads its peak when it is about to end.
func followToExit(pid int) (kib, error) {
	var most kib
	signal := 0
	for {
		if err := syscall.PtraceCont(pid, signal); err != nil {
			return 0, fmt.Errorf("continue %d: %w", pid, err)
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			return 0, fmt.Errorf("wait for %d: %w", pid, err)
		}
		switch {
		case status.Exited() && status.ExitStatus() == 0:
			return most, nil
		case !status.Stopped():
			return 0, fmt.Errorf("%d ended with wait status %#x", pid, int(status))
		case status.TrapCause() == syscall.PTRACE_EVENT_EXIT:
			most = max(most, memory(pid)["VmHWM"])
			signal = 0
		case status.StopSignal() == syscall.SIGTRAP: // an execve
			signal = 0
		default:
			signal = int(status.StopSignal())
		}
	}
}

// memory reads the Vm and Rss lines of /proc/PID/status. Anybody may, even of a process that is not dumpable.
func memory(pid int) map[string]kib {
	figures := map[string]kib{}
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return figures
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if number, ok := strings.CutSuffix(strings.TrimSpace(value), " kB"); ok {
			n, _ := strconv.ParseInt(number, 10, 64)
			figures[name] = kib(n)
		}
	}
	return figures
}
