package cgroup

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/bus"
)

// Property is one property of a systemd unit, as pkg/bus sends it.
type Property = bus.Property

// DeviceValue is a limit for one device. Path is absolute.
type DeviceValue = bus.PathValue

// infinity is how systemd writes that there is no limit.
const infinity = uint64(math.MaxUint64)

// Properties says the settings in systemd's words (systemd.resource-control(5), org.freedesktop.systemd1(5)), so that the
// manager, which writes the files of a unit anew when it reloads, writes the same. What it has no word for is left out: it
// leaves such files alone. version is the manager's, such as 252; properties that it does not know yet are left out too, and
// 0 stands for one that knows all.
func Properties(settings []Setting, version int) ([]Property, error) {
	if version == 0 {
		version = math.MaxInt
	}
	l := &properties{version: version}
	for _, s := range settings {
		translate := wordOf(s.File)
		if translate == nil {
			continue
		}
		if err := translate(l, s.Value); err != nil {
			return nil, fmt.Errorf("%s: %s %q: %w", s.Path, s.File, s.Value, err)
		}
	}
	return l.list, nil
}

type properties struct {
	list    []Property
	version int
}

// put adds a property, or replaces it: a later setting of the same file wins, as it does in the file.
func (l *properties) put(since int, name string, value any) {
	if l.version < since {
		return
	}
	for i := range l.list {
		if l.list[i].Name == name {
			l.list[i].Value = value
			return
		}
	}
	l.list = append(l.list, Property{Name: name, Value: value})
}

type translation func(l *properties, value string) error

// wordOf finds the translation for a file that systemd writes. A switch and not a map: a map of these would be built at
// each start of urun.
func wordOf(file string) translation {
	switch file {
	case "memory.min":
		return memorySize(240, "MemoryMin")
	case "memory.low":
		return memorySize(231, "MemoryLow")
	case "memory.high":
		return memorySize(231, "MemoryHigh")
	case "memory.max":
		return memorySize(231, "MemoryMax")
	case "memory.swap.max":
		return memorySize(232, "MemorySwapMax")
	case "memory.zswap.max":
		return memorySize(253, "MemoryZSwapMax")
	case "pids.max":
		return tasksWord
	case "cpu.weight":
		return amount(232, "CPUWeight")
	case "cpu.idle":
		return cpuIdleWord
	case "cpu.max":
		return cpuMaxWord
	case "cpuset.cpus":
		return set("AllowedCPUs", maxCPU)
	case "cpuset.mems":
		return set("AllowedMemoryNodes", maxNode)
	case "io.weight":
		return ioWeightWord
	case "io.max":
		return ioMaxWord
	case "memory.oom.group":
		return oomWord
	}
	return nil
}

func amount(since int, name string) translation {
	return func(l *properties, value string) error {
		n, err := number(value)
		if err == nil {
			l.put(since, name, n)
		}
		return err
	}
}

// memorySize takes a size as the files of memory do: a suffix from K to E is a power of 1024.
func memorySize(since int, name string) translation {
	return func(l *properties, value string) error {
		last := len(value) - 1
		power := strings.IndexByte("KMGTPE", value[last]&^0x20) + 1
		if power == 0 || value == "max" {
			return amount(since, name)(l, value)
		}
		n, err := strconv.ParseUint(value[:last], 10, 64)
		if err != nil || n > math.MaxUint64>>(10*power) {
			return errors.New("is neither a size nor max")
		}
		l.put(since, name, n<<(10*power))
		return nil
	}
}

// tasksWord: systemd takes no limit of 0 tasks, and 1 forbids as many forks.
func tasksWord(l *properties, value string) error {
	if value == "0" {
		value = "1"
	}
	return amount(227, "TasksMax")(l, value)
}

func set(name string, most int) translation {
	return func(l *properties, value string) error {
		mask, err := bits(value, most)
		if err == nil {
			l.put(244, name, mask)
		}
		return err
	}
}

// cpuIdleWord: a weight of 0 is how systemd says idle, and that none is set ends it.
func cpuIdleWord(l *properties, value string) error {
	switch value {
	case "1":
		l.put(252, "CPUWeight", uint64(0))
	case "0":
		l.put(252, "CPUWeight", infinity)
	default:
		return errors.New("is neither 0 nor 1")
	}
	return nil
}

// cpuMaxWord: systemd keeps hundredths of a CPU and not the quota itself. A quota between two of them is rounded up, or
// the unit would hold the container below what the container's own file says.
func cpuMaxWord(l *properties, value string) error {
	words := strings.Fields(value)
	if len(words) < 1 || len(words) > 2 {
		return errors.New("is not QUOTA PERIOD")
	}
	quota, err := number(words[0])
	if err != nil {
		return err
	}
	period := uint64(defaultPeriod)
	if len(words) == 2 {
		if period, err = strconv.ParseUint(words[1], 10, 64); err != nil || period < minPeriod || period > maxPeriod {
			return errors.New("has a period that is not between 1000 and 1000000 µs")
		}
		l.put(242, "CPUQuotaPeriodUSec", period)
	}
	perSecond := infinity
	if quota != infinity {
		if quota > maxQuota {
			return errors.New("has a quota above what the kernel takes")
		}
		const hundredth = 10_000
		perSecond = (mulDiv(quota, 1_000_000, period) + hundredth - 1) / hundredth * hundredth
	}
	l.put(213, "CPUQuotaPerSecUSec", perSecond)
	return nil
}

// mulDiv is a*b/c, rounded up, for a below 2^44 and b of 10^6: the product would be too long.
func mulDiv(a, b, c uint64) uint64 {
	return a/c*b + (a%c*b+c-1)/c
}

func oomWord(l *properties, value string) error {
	switch value {
	case "0":
		l.put(253, "OOMPolicy", "continue")
	case "1":
		l.put(253, "OOMPolicy", "kill")
	default:
		return errors.New("is neither 0 nor 1")
	}
	return nil
}

// number reads a count; max is infinity.
func number(value string) (uint64, error) {
	if value == "max" {
		return infinity, nil
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, errors.New("is neither a number nor max")
	}
	return n, nil
}
