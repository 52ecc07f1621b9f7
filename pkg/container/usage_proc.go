package container

import (
	"os"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/cgroup"
)

// tick is the unit of times in /proc/PID/stat, in microseconds: USER_HZ is 100 on all architectures that Go knows.
const tick = 10_000

// usage sums up what /proc says of the container's processes. It is less exact than a cgroup: what a process has used that ended
// unnoticed by its parent is not in it, and memory of the kernel, and of files that nobody has mapped, is not either. A process
// that may not be looked into counts with what all may see of it.
func (s *scope) usage() (cgroup.Stats, error) {
	members, err := s.members()
	if err != nil {
		return cgroup.Stats{}, err
	}
	sum := cgroup.Stats{
		Memory: &cgroup.MemoryStats{Max: cgroup.NoLimit, SwapMax: cgroup.NoLimit, Stat: map[string]uint64{}},
		Pids:   &cgroup.PidsStats{Max: cgroup.NoLimit},
	}
	var io cgroup.DeviceStats
	for _, m := range members {
		dir := "/proc/" + strconv.Itoa(m.pid) + "/"
		addTimes(&sum, readText(dir+"stat"))
		addMemory(sum.Memory, dir)
		counts := colons(readText(dir + "io"))
		io.ReadBytes += counts["read_bytes"]
		io.WriteBytes += counts["write_bytes"]
	}
	sum.IO = []cgroup.DeviceStats{io}
	return sum, nil
}

// addTimes reads CPU time and the number of threads of proc_pid_stat(5): the fields from the third on follow the last parenthesis.
func addTimes(sum *cgroup.Stats, stat string) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 18 {
		return
	}
	at := func(field int) uint64 {
		n, _ := strconv.ParseUint(fields[field-3], 10, 64)
		return n
	}
	user, system := (at(14)+at(16))*tick, (at(15)+at(17))*tick // its own, and of the children that it has waited for
	sum.CPU.User += user
	sum.CPU.System += system
	sum.CPU.Usage += user + system
	sum.Pids.Current += at(20)
}

// addMemory counts what several processes share by halves (Pss). The keys of Stat are named as in memory.stat.
func addMemory(m *cgroup.MemoryStats, dir string) {
	kib := colons(readText(dir + "smaps_rollup"))
	names := [...]string{"Pss", "Pss_Anon", "Pss_File", "Pss_Shmem", "SwapPss"}
	if len(kib) == 0 {
		kib = colons(readText(dir + "status"))
		names = [...]string{"VmRSS", "RssAnon", "RssFile", "RssShmem", "VmSwap"}
	}
	m.Current += kib[names[0]] << 10
	m.Stat["anon"] += kib[names[1]] << 10
	m.Stat["file"] += kib[names[2]] << 10
	m.Stat["shmem"] += kib[names[3]] << 10
	m.SwapCurrent += kib[names[4]] << 10
}

// colons reads lines of "Key: number".
func colons(text string) map[string]uint64 {
	counts := map[string]uint64{}
	for line := range strings.Lines(text) {
		key, rest, ok := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			continue
		}
		if n, err := strconv.ParseUint(fields[0], 10, 64); err == nil {
			counts[key] = n
		}
	}
	return counts
}

// readText is empty for what cannot be read: the process has ended, or may not be looked into.
func readText(path string) string {
	raw, _ := os.ReadFile(path)
	return string(raw)
}
