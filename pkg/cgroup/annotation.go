package cgroup

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Prefix begins the annotations that become properties of the container's unit.
const Prefix = "org.systemd.property."

// kind is the type that systemd expects, as a D-Bus signature.
type kind string

const (
	boolean kind = "b"
	text    kind = "s"
	int32s  kind = "i"
	uint64s kind = "t"
	strs    kind = "as"
	bytesOK kind = "ay"
)

// allowed knows the properties that a config may set, with their types: those that limit, describe and order the unit.
// Whoever writes an annotation must not reach past the container, so there is none that executes something, starts or stops
// another unit, or loads a program (CVE-2024-3154).
func allowed(name string) kind {
	switch name {
	case "Description", "CollectMode", "KillMode", "OOMPolicy", "ManagedOOMSwap", "ManagedOOMMemoryPressure":
		return text
	case "After", "Before", "Documentation":
		return strs
	case "KillSignal", "FinalKillSignal":
		return int32s
	case "SendSIGKILL", "SendSIGHUP", "DefaultDependencies", "IgnoreOnIsolate",
		"CPUAccounting", "MemoryAccounting", "TasksAccounting", "IOAccounting", "IPAccounting":
		return boolean
	case "TimeoutStopUSec", "RuntimeMaxUSec", "TasksMax",
		"MemoryMin", "MemoryLow", "MemoryHigh", "MemoryMax", "MemorySwapMax", "MemoryZSwapMax",
		"CPUWeight", "StartupCPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "IOWeight", "StartupIOWeight":
		return uint64s
	case "AllowedCPUs", "AllowedMemoryNodes":
		return bytesOK
	}
	return ""
}

// ours are set by urun itself; another value would tear the container from its cgroup.
var ours = []string{"Slice", "Delegate", "PIDs"}

// Annotations reads the annotations below org.systemd.property. into properties, sorted by name. Values are in the text
// format of GVariant, as with runc; a number needs no type in front, for the type is known. A name that ends with Sec is
// in seconds. Every error names the annotation.
func Annotations(annotations map[string]string) ([]Property, error) {
	var list []Property
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		name, ok := strings.CutPrefix(key, Prefix)
		if !ok {
			continue
		}
		p, err := annotation(name, annotations[key])
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", key, err)
		}
		list = append(list, p)
	}
	return list, nil
}

func annotation(name, value string) (Property, error) {
	if slices.Contains(ours, name) {
		return Property{}, errors.New("urun sets this property itself")
	}
	name, seconds := inMicroseconds(name)
	want := allowed(name)
	if want == "" {
		return Property{}, errors.New("this property cannot be set by an annotation: only those can that limit, describe or order the container's own unit")
	}
	v, err := parseVariant(value)
	if err != nil {
		return Property{}, fmt.Errorf("%q: %w", value, err)
	}
	if seconds {
		if v, err = microseconds(v); err != nil {
			return Property{}, fmt.Errorf("%q: %w", value, err)
		}
	}
	converted, ok := convert(v, want)
	if !ok {
		return Property{}, fmt.Errorf("%q: %s is wanted", value, kindName(want))
	}
	return Property{Name: name, Value: converted}, nil
}

// inMicroseconds renames TimeoutStopSec to TimeoutStopUSec, which is the only name that the bus knows.
func inMicroseconds(name string) (string, bool) {
	stem, ok := strings.CutSuffix(name, "Sec")
	if !ok || strings.HasSuffix(stem, "U") {
		return name, false
	}
	return stem + "USec", true
}

func microseconds(v any) (any, error) {
	switch n := v.(type) {
	case integer:
		if n.negative || n.size > math.MaxUint64/1_000_000 {
			return nil, errors.New("is no time in seconds")
		}
		n.size *= 1_000_000
		return n, nil
	case float64:
		if !(n >= 0 && n < 1e12) {
			return nil, errors.New("is no time in seconds")
		}
		return integer{size: uint64(math.Round(n * 1e6))}, nil
	}
	return nil, errors.New("is no number of seconds")
}

// convert gives a value the type that is wanted, if it has one that can.
func convert(v any, want kind) (any, bool) {
	n, isNumber := v.(integer)
	switch want {
	case uint64s:
		return n.size, isNumber && !n.negative
	case int32s:
		return int32(n.size), isNumber && !n.negative && n.size <= math.MaxInt32
	case boolean:
		b, ok := v.(bool)
		return b, ok
	case text:
		s, ok := v.(string)
		return s, ok
	}
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	if want == strs {
		return stringsOf(items)
	}
	return bytesOf8(items)
}

func stringsOf(items []any) (any, bool) {
	list := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

func bytesOf8(items []any) (any, bool) {
	list := make([]byte, 0, len(items))
	for _, item := range items {
		n, ok := item.(integer)
		if !ok || n.negative || n.size > 255 {
			return nil, false
		}
		list = append(list, byte(n.size))
	}
	return list, true
}

func kindName(k kind) string {
	switch k {
	case boolean:
		return "true or false"
	case text:
		return "a string in quotes"
	case int32s:
		return "a number from 0 to 2147483647"
	case uint64s:
		return "a number from 0 to 18446744073709551615"
	case strs:
		return "a list of strings such as ['a', 'b']"
	}
	return "a list of bytes such as [0x03]"
}
