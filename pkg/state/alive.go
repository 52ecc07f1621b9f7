package state

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Alive says whether the container's first process still runs: its pid exists, with the same start time, in the
// same boot, and is not a zombie. A zombie that its parent has not reaped counts as ended.
func Alive(r Record) bool {
	return r.Pid > 0 && AliveIn(r, BootID())
}

// AliveIn is Alive for who asks about many records and has read the boot id already.
func AliveIn(r Record, bootID string) bool {
	alive, _ := look(r, bootID)
	return alive
}

// Begun is Alive, and says whether the process has executed its command: until then it runs urun's program, and may still be in
// the host's tree. Where that cannot be told it counts as begun.
func Begun(r Record) (alive, begun bool) {
	if r.Pid <= 0 {
		return false, false
	}
	return look(r, BootID())
}

func look(r Record, bootID string) (alive, begun bool) {
	if r.Pid <= 0 || otherBoot(r, bootID) {
		return false, false
	}
	s, err := readStat(r.Pid)
	if err != nil {
		// Where it cannot be read, nobody has ended for that. hidepid=2 hides a process that is not dumpable, as a created
		// container's is until its start, even from the one who made it; and we may be out of descriptors or memory. Who
		// took the process for dead would give its id away and leave it behind. Only our own one lets itself be signalled.
		return unix.Kill(r.Pid, 0) == nil, true
	}
	return !s.dead() && s.start == r.StartTime, s.flags&forkNoExec == 0
}

// otherBoot says whether the record is from before the last reboot. An unknown boot id proves nothing.
func otherBoot(r Record, bootID string) bool {
	return r.BootID != "" && bootID != "" && r.BootID != bootID
}

// BootID returns the random id of this boot (random(4)); empty where /proc is masked.
func BootID() string { return bootID() }

var bootID = sync.OnceValue(func() string {
	raw, err := readFile(unix.AT_FDCWD, "/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(raw))
})

// StartTime returns when the process with this pid was started, in clock ticks since boot: field 22 of
// proc_pid_stat(5). A pid may be reused, a pid with its start time is not.
func StartTime(pid int) (uint64, error) {
	s, err := readStat(pid)
	return s.start, err
}

// ProcessState returns the state letter of a process, as in proc_pid_stat(5) field 3, and whether it has ended.
func ProcessState(pid int) (letter byte, ended bool, err error) {
	s, err := readStat(pid)
	return s.state, s.dead(), err
}

// stat is the part of proc_pid_stat(5) that tells which process it is and whether it lives.
type stat struct {
	state   byte
	flags   uint64
	threads int
	start   uint64
}

// forkNoExec is PF_FORKNOEXEC of linux/sched.h: the process was forked and has not executed anything since.
const forkNoExec = 0x40

// dead says whether the process has ended. A leader that has ended while other threads go on is shown as a
// zombie too, but its process is not over.
func (s stat) dead() bool {
	return s.state == 'X' || s.state == 'x' || s.state == 'Z' && s.threads <= 1
}

func readStat(pid int) (stat, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/stat"
	raw, err := readFile(unix.AT_FDCWD, path)
	if err != nil {
		return stat{}, fmt.Errorf("read %s: %w", path, err)
	}
	s, ok := parseStat(raw)
	if !ok {
		return stat{}, fmt.Errorf("read %s: unknown format", path)
	}
	return s, nil
}

// parseStat understands the content of /proc/PID/stat. The command (field 2) is whatever the process likes,
// spaces, parentheses and newlines included, so the fields are counted from the last parenthesis on.
func parseStat(raw []byte) (s stat, ok bool) {
	i := bytes.LastIndexByte(raw, ')')
	if i < 0 {
		return s, false
	}
	fields := bytes.Fields(raw[i+1:]) // the first one is field 3
	if len(fields) < 20 || len(fields[0]) != 1 {
		return s, false
	}
	var errs [3]error
	s.state = fields[0][0]
	s.flags, errs[0] = strconv.ParseUint(string(fields[6]), 10, 64)
	s.threads, errs[1] = strconv.Atoi(string(fields[17]))
	s.start, errs[2] = strconv.ParseUint(string(fields[19]), 10, 64)
	return s, errs == [3]error{}
}
