package cgroup

import (
	"errors"
	"strconv"
	"strings"
)

// ioName is the property for a key of io.max.
func ioName(key string) string {
	switch key {
	case "rbps":
		return "IOReadBandwidthMax"
	case "wbps":
		return "IOWriteBandwidthMax"
	case "riops":
		return "IOReadIOPSMax"
	case "wiops":
		return "IOWriteIOPSMax"
	}
	return ""
}

// ioMaxWord takes a line such as 8:0 rbps=1048576 wiops=max.
func ioMaxWord(l *properties, value string) error {
	words := strings.Fields(value)
	if len(words) < 2 {
		return errors.New("is not MAJOR:MINOR KEY=VALUE")
	}
	path, err := devicePath(words[0])
	if err != nil {
		return err
	}
	for _, word := range words[1:] {
		key, text, _ := strings.Cut(word, "=")
		name := ioName(key)
		if name == "" {
			return errors.New("has a key that is none of rbps, wbps, riops and wiops")
		}
		n, err := number(text)
		if err != nil {
			return err
		}
		l.append(name, DeviceValue{Path: path, Value: n})
	}
	return nil
}

// ioWeightWord takes 100, default 100, or 8:0 100.
func ioWeightWord(l *properties, value string) error {
	first, rest, two := strings.Cut(value, " ")
	if !two {
		first, rest = "default", first
	}
	n, err := number(strings.TrimSpace(rest))
	if err != nil {
		return err
	}
	if first == "default" {
		l.put(230, "IOWeight", n)
		return nil
	}
	path, err := devicePath(first)
	if err == nil {
		l.append("IODeviceWeight", DeviceValue{Path: path, Value: n})
	}
	return err
}

// devicePath names a device by its numbers, for systemd wants a path.
func devicePath(numbers string) (string, error) {
	major, minor, ok := strings.Cut(numbers, ":")
	_, errMajor := strconv.ParseUint(major, 10, 12)
	_, errMinor := strconv.ParseUint(minor, 10, 20)
	if !ok || errMajor != nil || errMinor != nil {
		return "", errors.New("does not begin with MAJOR:MINOR of a device")
	}
	return "/dev/block/" + numbers, nil
}

// append adds one device to a property that holds several; a later value for the same device wins.
func (l *properties) append(name string, d DeviceValue) {
	for i := range l.list {
		if l.list[i].Name != name {
			continue
		}
		devices, _ := l.list[i].Value.([]DeviceValue)
		for j := range devices {
			if devices[j].Path == d.Path {
				devices[j].Value = d.Value
				return
			}
		}
		l.list[i].Value = append(devices, d)
		return
	}
	l.put(230, name, []DeviceValue{d})
}
