package test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settle gives what processes that just got their signal a moment to go, then says what is left.
func (c *caller) settle() []string {
	left := c.leftovers()
	for end := time.Now().Add(slow(5 * time.Second)); len(left) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		left = c.leftovers()
	}
	return left
}

// nothingLeft fails unless no process, mount or state of this caller's containers is left.
func (c *caller) nothingLeft() {
	c.t.Helper()
	if left := c.settle(); len(left) > 0 {
		c.t.Errorf("left behind:\n  %s", strings.Join(left, "\n  "))
	}
}

// leftovers lists processes, mounts and state directories of this caller's containers.
func (c *caller) leftovers() []string {
	var left []string
	for _, pid := range c.processes() {
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		left = append(left, fmt.Sprintf("process %d: %s", pid, strings.ReplaceAll(string(cmdline), "\x00", " ")))
	}
	left = append(left, widows()...)
	info, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(info)) {
		if strings.Contains(line, filepath.Base(c.dir)) {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	for _, name := range c.stateDirs() {
		left = append(left, "state "+name)
	}
	return left
}

// widows are helpers of a network whose container is gone. Their command line names its first process, and not the container.
func widows() (left []string) {
	for _, name := range listOf("/proc/[0-9]*/cmdline") {
		raw, _ := os.ReadFile(name)
		words := strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")
		last := len(words) - 1
		var pid int
		switch {
		case words[0] == "slirp4netns" && last > 1 && words[last] == "tap0":
			pid, _ = strconv.Atoi(words[last-1])
		case words[0] == "pasta":
			_, _ = fmt.Sscanf(words[last], "--netns=/proc/%d/ns/net", &pid)
		}
		if pid > 0 && isGone(pid) {
			left = append(left, "helper "+strings.Join(words, " "))
		}
	}
	return left
}

func listOf(pattern string) []string {
	list, _ := filepath.Glob(pattern)
	return list
}

// stateDirs lists what is in the runtime directories, whatever the runtime is called. What urun keeps for the next container
// belongs to none.
func (c *caller) stateDirs() []string {
	found, _ := filepath.Glob(c.runtimeDir + "/*/*")
	hidden, _ := filepath.Glob(c.runtimeDir + "/*/.*")
	return slices.DeleteFunc(append(found, hidden...), isKept)
}

func isKept(path string) bool { return filepath.Base(path) == "kept~" }

// processes finds this caller's containers' processes: those whose program is the test program of one of its bundles, and
// those whose command line names its directory or id (a container that waits for start still has urun's).
func (c *caller) processes() []int {
	programs := map[[2]uint64]bool{}
	for _, r := range c.rootfs {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(r, "inside"), &st) == nil {
			programs[[2]uint64{st.Dev, st.Ino}] = true
		}
	}
	var found []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		var st syscall.Stat_t
		if syscall.Stat("/proc/"+e.Name()+"/exe", &st) == nil && programs[[2]uint64{st.Dev, st.Ino}] {
			found = append(found, pid)
			continue
		}
		cmdline, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if words := string(cmdline); strings.Contains(words, filepath.Base(c.dir)) || strings.Contains(words, c.id+"\x00") {
			found = append(found, pid)
		}
	}
	return found
}

func (c *caller) killAll() {
	for range 100 {
		pids := c.processes()
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
