package cgroup

import (
	"fmt"
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// The weights of blockIO, which were v1's.
const (
	minIOWeight = 10
	maxIOWeight = 1000
)

// io decides about io.*: weights for both schedulers that know any, and limits by device.
func (l *list) io(r *specs.LinuxResources) error {
	b := r.BlockIO
	if b == nil {
		return nil
	}
	if err := l.ioWeight("blockIO.weight", "", b.Weight); err != nil {
		return err
	}
	l.leafWeight("blockIO.leafWeight", b.LeafWeight)
	for i, d := range b.WeightDevice {
		at := fmt.Sprintf("blockIO.weightDevice[%d]", i)
		device, err := deviceOf(at, d.Major, d.Minor)
		if err != nil {
			return err
		}
		if err := l.ioWeight(at+".weight", device+" ", d.Weight); err != nil {
			return err
		}
		l.leafWeight(at+".leafWeight", d.LeafWeight)
	}
	for _, t := range []struct {
		name, key string
		rules     []specs.LinuxThrottleDevice
	}{
		{"throttleReadBpsDevice", "rbps", b.ThrottleReadBpsDevice},
		{"throttleWriteBpsDevice", "wbps", b.ThrottleWriteBpsDevice},
		{"throttleReadIOPSDevice", "riops", b.ThrottleReadIOPSDevice},
		{"throttleWriteIOPSDevice", "wiops", b.ThrottleWriteIOPSDevice},
	} {
		if err := l.throttle(t.name, t.key, t.rules); err != nil {
			return err
		}
	}
	return nil
}

// ioWeight sets the weight of a device, or of all where prefix is empty. bfq has v1's range, io.cost the one of cpu.weight;
// either may be what schedules a disk, so both are told.
func (l *list) ioWeight(path, prefix string, weight *uint16) error {
	if weight == nil || *weight == 0 {
		return nil
	}
	w := uint64(*weight)
	if w < minIOWeight || w > maxIOWeight {
		return fmt.Errorf("%s%s: %d is not between %d and %d", root, path, w, minIOWeight, maxIOWeight)
	}
	l.set(path, "io.bfq.weight", prefix+strconv.FormatUint(w, 10)).AnyOf = path
	l.set(path, "io.weight", prefix+strconv.FormatUint(costWeight(w), 10)).AnyOf = path
	return nil
}

// costWeight stretches 10…1000 to 1…10000.
func costWeight(w uint64) uint64 { return 1 + (w-minIOWeight)*9999/(maxIOWeight-minIOWeight) }

func (l *list) leafWeight(path string, weight *uint16) {
	if weight != nil && *weight != 0 {
		l.gone(path, "it was for the CFQ scheduler, which left Linux with 5.0")
	}
}

// throttle sets limits by device. A rate of 0 takes a limit away, as it did in v1.
func (l *list) throttle(name, key string, rules []specs.LinuxThrottleDevice) error {
	for i, rule := range rules {
		at := fmt.Sprintf("blockIO.%s[%d]", name, i)
		device, err := deviceOf(at, rule.Major, rule.Minor)
		if err != nil {
			return err
		}
		rate := "max"
		if rule.Rate != 0 {
			rate = strconv.FormatUint(rule.Rate, 10)
		}
		l.set(at, "io.max", device+" "+key+"="+rate)
	}
	return nil
}

// deviceOf writes a device's numbers; major(3) has 12 bits, minor(3) 20.
func deviceOf(path string, major, minor int64) (string, error) {
	if major < 0 || major >= 1<<12 {
		return "", fmt.Errorf("%s%s.major: %d is no device's number", root, path, major)
	}
	if minor < 0 || minor >= 1<<20 {
		return "", fmt.Errorf("%s%s.minor: %d is no device's number", root, path, minor)
	}
	return strconv.FormatInt(major, 10) + ":" + strconv.FormatInt(minor, 10), nil
}
