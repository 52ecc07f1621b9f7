package cgroup

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Stats is what the kernel counts of a cgroup and all below it. Parts whose controller is not enabled are nil.
type Stats struct {
	CPU     CPUStats // counted without a controller
	Memory  *MemoryStats
	Pids    *PidsStats
	IO      []DeviceStats
	IOPSI   *Pressure
	Hugetlb map[string]HugetlbStats // by page size, such as 2MB
}

// CPUStats has times in microseconds.
type CPUStats struct {
	Usage, User, System uint64
	Periods, Throttled  uint64 // of the quota; 0 without the controller
	ThrottledTime       uint64
	PSI                 *Pressure
}

// MemoryStats has sizes in bytes; NoLimit says that there is no limit.
type MemoryStats struct {
	Current, Max, Peak             uint64 // Peak is 0 before Linux 5.19
	SwapCurrent, SwapMax, SwapPeak uint64
	Low, High, AtMax               uint64 // how often each was passed or reached (memory.events)
	OOM, OOMKill, OOMGroupKill     uint64
	Stat                           map[string]uint64 // memory.stat
	PSI                            *Pressure
}

// PidsStats counts tasks, which are threads too.
type PidsStats struct {
	Current, Max uint64
	Refused      uint64 // forks that the limit stopped
}

// DeviceStats is what was read from and written to one block device.
type DeviceStats struct {
	Major, Minor           uint64
	ReadBytes, WriteBytes  uint64
	Reads, Writes          uint64
	DiscardBytes, Discards uint64
}

// HugetlbStats has sizes in bytes.
type HugetlbStats struct{ Current, Max, Refused uint64 }

// Pressure is how long tasks waited (PSI). Full is when all of them did; in cpu.pressure it is newer.
type Pressure struct{ Some, Full Stall }

// Stall has averages in percent over 10, 60 and 300 seconds, and the total in microseconds.
type Stall struct {
	Avg10, Avg60, Avg300 float64
	Total                uint64
}

// NoLimit stands for max.
const NoLimit = infinity

// Stats reads what there is to be read.
func (d *Dir) Stats() (Stats, error) {
	own, err := d.words("cgroup.controllers")
	if err != nil {
		return Stats{}, err
	}
	r := &reader{d: d}
	s := Stats{CPU: r.cpu()}
	if slices.Contains(own, "memory") {
		s.Memory = r.memory()
	}
	if slices.Contains(own, "pids") {
		s.Pids = &PidsStats{r.number("pids.current"), r.number("pids.max"), r.keyed("pids.events")["max"]}
	}
	if slices.Contains(own, "io") {
		s.IO, s.IOPSI = parseIO(r.text("io.stat")), parsePressure(r.text("io.pressure"))
	}
	if slices.Contains(own, "hugetlb") {
		s.Hugetlb = r.hugetlb()
	}
	return s, r.err
}

// reader keeps the first error. A file that this kernel does not have is empty.
type reader struct {
	d   *Dir
	err error
}

func (r *reader) text(file string) string {
	text, err := readAt(r.d.fd, file)
	if err == unix.ENOENT || err == unix.EOPNOTSUPP { // EOPNOTSUPP: pressure is not counted (psi=0)
		return ""
	}
	if err != nil && r.err == nil {
		_, r.err = r.d.Read(file)
	}
	return text
}

func (r *reader) keyed(file string) map[string]uint64 { return keyed(r.text(file)) }

// number reads a file of one number, or max.
func (r *reader) number(file string) uint64 {
	n, _ := number(strings.TrimSpace(r.text(file)))
	return n
}

func (r *reader) cpu() CPUStats {
	c := r.keyed("cpu.stat")
	return CPUStats{
		Usage: c["usage_usec"], User: c["user_usec"], System: c["system_usec"],
		Periods: c["nr_periods"], Throttled: c["nr_throttled"], ThrottledTime: c["throttled_usec"],
		PSI: parsePressure(r.text("cpu.pressure")),
	}
}

func (r *reader) memory() *MemoryStats {
	e := r.keyed("memory.events")
	return &MemoryStats{
		Current: r.number("memory.current"), Max: r.number("memory.max"), Peak: r.number("memory.peak"),
		SwapCurrent: r.number("memory.swap.current"), SwapMax: r.number("memory.swap.max"), SwapPeak: r.number("memory.swap.peak"),
		Low: e["low"], High: e["high"], AtMax: e["max"],
		OOM: e["oom"], OOMKill: e["oom_kill"], OOMGroupKill: e["oom_group_kill"],
		Stat: r.keyed("memory.stat"), PSI: parsePressure(r.text("memory.pressure")),
	}
}

func (r *reader) hugetlb() map[string]HugetlbStats {
	sizes := map[string]HugetlbStats{}
	for _, name := range pageSizes() {
		file := "hugetlb." + name
		sizes[name] = HugetlbStats{r.number(file + ".current"), r.number(file + ".max"), r.keyed(file + ".events")["max"]}
	}
	return sizes
}

// parseIO reads io.stat: 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6.
func parseIO(text string) []DeviceStats {
	var list []DeviceStats
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		var s DeviceStats
		major, minor, _ := strings.Cut(words[0], ":")
		var errMajor, errMinor error
		s.Major, errMajor = strconv.ParseUint(major, 10, 32)
		s.Minor, errMinor = strconv.ParseUint(minor, 10, 32)
		if errMajor != nil || errMinor != nil {
			continue
		}
		into := map[string]*uint64{
			"rbytes": &s.ReadBytes, "wbytes": &s.WriteBytes, "rios": &s.Reads, "wios": &s.Writes,
			"dbytes": &s.DiscardBytes, "dios": &s.Discards,
		}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			if field := into[key]; field != nil {
				*field, _ = strconv.ParseUint(value, 10, 64)
			}
		}
		list = append(list, s)
	}
	return list
}

// parsePressure reads a file of pressure: some avg10=0.00 avg60=0.00 avg300=0.00 total=0, and the same for full.
func parsePressure(text string) *Pressure {
	if text == "" {
		return nil
	}
	p := &Pressure{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		stall := map[string]*Stall{"some": &p.Some, "full": &p.Full}[words[0]]
		if stall == nil {
			continue
		}
		averages := map[string]*float64{"avg10": &stall.Avg10, "avg60": &stall.Avg60, "avg300": &stall.Avg300}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			if field := averages[key]; field != nil {
				*field = average(value)
			}
			if key == "total" {
				stall.Total, _ = strconv.ParseUint(value, 10, 64)
			}
		}
	}
	return p
}
