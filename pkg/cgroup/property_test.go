package cgroup

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProperties(t *testing.T) {
	for _, test := range []struct {
		file, value string
		version     int
		want        string
	}{
		{"memory.max", "64M", 0, "[MemoryMax=67108864]"},
		{"memory.max", "1g", 0, "[MemoryMax=1073741824]"},
		{"memory.max", "17E", 0, "error"},
		{"memory.max", "M", 0, "error"},
		{"memory.max", "-5", 0, "error"},
		{"memory.zswap.max", "max", 252, "[]"},
		{"memory.zswap.max", "max", 253, "[MemoryZSwapMax=18446744073709551615]"},
		{"cpu.idle", "1", 251, "[]"},
		{"cpu.idle", "1", 252, "[CPUWeight=0]"},
		{"cpu.idle", "0", 252, "[CPUWeight=18446744073709551615]"},
		{"cpu.idle", "2", 252, "error"},
		{"cpu.max", "50000 100000", 252, "[CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=500000]"},
		{"cpu.max", "50000 100000", 241, "[CPUQuotaPerSecUSec=500000]"},
		{"cpu.max", "1000 1000000", 252, "[CPUQuotaPeriodUSec=1000000 CPUQuotaPerSecUSec=10000]"},
		{"cpu.max", "max 50000", 252, "[CPUQuotaPeriodUSec=50000 CPUQuotaPerSecUSec=18446744073709551615]"},
		{"cpu.max", "17592186044415 1000", 252, "[CPUQuotaPeriodUSec=1000 CPUQuotaPerSecUSec=17592186044420000]"},
		{"cpu.max", "1 2 3", 252, "error"},
		{"cpu.max", "1000 5", 252, "error"},
		{"cpuset.cpus", "0,9", 244, "[AllowedCPUs=[1 2]]"},
		{"cpuset.cpus", "0,9", 243, "[]"},
		{"cpuset.cpus", "9999", 0, "error"},
		{"io.weight", "100", 0, "[IOWeight=100]"},
		{"io.weight", "8:0 100", 0, "[IODeviceWeight=[{/dev/block/8:0 100}]]"},
		{"io.weight", "sda 100", 0, "error"},
		{"io.max", "8:0 rbps=1 wbps=max", 0, "[IOReadBandwidthMax=[{/dev/block/8:0 1}] IOWriteBandwidthMax=[{/dev/block/8:0 18446744073709551615}]]"},
		{"io.max", "8:0", 0, "error"},
		{"io.max", "8:0 speed=1", 0, "error"},
		{"io.max", "../x rbps=1", 0, "error"},
		{"pids.max", "0", 0, "[TasksMax=1]"},
		{"memory.oom.group", "2", 0, "error"},
		{"hugetlb.2MB.max", "0", 0, "[]"},
	} {
		list, err := Properties([]Setting{{File: test.file, Value: test.value, Path: "linux.resources.x"}}, test.version)
		got := fmt.Sprint(list)
		if err != nil {
			got = "error"
			if !strings.HasPrefix(err.Error(), "linux.resources.x: ") {
				t.Errorf("%v does not say where", err)
			}
		}
		if got != test.want {
			t.Errorf("%s %s for %d: %s (%v), want %s", test.file, test.value, test.version, got, err, test.want)
		}
	}
}

func TestAnnotations(t *testing.T) {
	got, err := Annotations(map[string]string{
		"io.kubernetes.cri":                       "not ours",
		"org.systemd.property.TimeoutStopUSec":    "uint64 123456789",
		"org.systemd.property.CollectMode":        "'inactive-or-failed'",
		"org.systemd.property.RuntimeMaxSec":      "2",
		"org.systemd.property.After":              `['a.service', "b\"c.service"]`,
		"org.systemd.property.Before":             "@as []",
		"org.systemd.property.SendSIGHUP":         "true",
		"org.systemd.property.KillSignal":         "int32 15",
		"org.systemd.property.AllowedCPUs":        "[byte 0x03, 1]",
		"org.systemd.property.MemorySwapMax":      " uint64 0 ",
		"org.systemd.property.CPUQuotaPerSecUSec": "@t 500000",
		"org.systemd.property.CPUQuotaPeriodSec":  "0.05",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Property{
		{Name: "After", Value: []string{"a.service", `b"c.service`}},
		{Name: "AllowedCPUs", Value: []byte{3, 1}},
		{Name: "Before", Value: []string{}},
		{Name: "CPUQuotaPerSecUSec", Value: uint64(500000)},
		{Name: "CPUQuotaPeriodUSec", Value: uint64(50000)},
		{Name: "CollectMode", Value: "inactive-or-failed"},
		{Name: "KillSignal", Value: int32(15)},
		{Name: "MemorySwapMax", Value: uint64(0)},
		{Name: "RuntimeMaxUSec", Value: uint64(2000000)},
		{Name: "SendSIGHUP", Value: true},
		{Name: "TimeoutStopUSec", Value: uint64(123456789)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnnotationsRefused(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"ExecStopPost", "[('/bin/sh', ['sh'], false)]", "cannot be set by an annotation"},
		{"Wants", "['evil.service']", "cannot be set by an annotation"},
		{"BPFProgram", "[]", "cannot be set by an annotation"},
		{"", "true", "cannot be set by an annotation"},
		{"Slice", "'system.slice'", "urun sets this property itself"},
		{"Delegate", "false", "urun sets this property itself"},
		{"PIDs", "[uint32 1]", "urun sets this property itself"},
		{"CollectMode", "inactive", "is not a value: strings stand in quotes"},
		{"CollectMode", "'inactive", "the string is not closed"},
		{"CollectMode", "'a' 'b'", "more than one value"},
		{"CollectMode", "5", "a string in quotes is wanted"},
		{"CollectMode", "", "a value is missing"},
		{"TasksMax", "-1", "a number from 0 to 18446744073709551615 is wanted"},
		{"TasksMax", "18446744073709551616", "is not a value"},
		{"TasksMax", "1.5", "a number from 0"},
		{"RuntimeMaxSec", "'soon'", "is no number of seconds"},
		{"RuntimeMaxSec", "-1", "is no time in seconds"},
		{"RuntimeMaxSec", "18446744073709551615", "is no time in seconds"},
		{"RuntimeMaxSec", "1e300", "is no time in seconds"},
		{"KillSignal", "4294967296", "a number from 0 to 2147483647 is wanted"},
		{"SendSIGHUP", "1", "true or false is wanted"},
		{"After", "['a', 5]", "a list of strings such as"},
		{"After", "['a'", "the list is not closed"},
		{"After", "['a' 'b']", "separated by commas"},
		{"After", "[['a']]", "is not a value"},
		{"AllowedCPUs", "[256]", "a list of bytes such as"},
	} {
		key := Prefix + test.name
		_, err := Annotations(map[string]string{key: test.value})
		if err == nil || !strings.HasPrefix(err.Error(), "annotation "+key+": ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s = %q: error %v, want %q", test.name, test.value, err, test.want)
		}
	}
}

func FuzzVariant(f *testing.F) {
	for _, s := range []string{"uint64 5", "'a'", `["a", 'b']`, "@as []", "-0x1f", "1.5e3", "[", "true"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseVariant(s)
		if (v == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", s, v, err)
		}
		for _, name := range []string{"RuntimeMaxSec", "KillSignal", "After", "AllowedCPUs", "Description"} {
			if p, err := annotation(name, s); err == nil && p.Value == nil {
				t.Errorf("%s = %q is nothing", name, s)
			}
		}
	})
}

func TestUnitProperties(t *testing.T) {
	u := Unit{Slice: "app.slice", Name: "urun-a.scope"}
	list := Merge(u.Properties(42, "a"), []Property{{Name: "TasksMax", Value: uint64(20)}, {Name: "CollectMode", Value: "inactive"}})
	want := "[Description=a Slice=app.slice Delegate=true CollectMode=inactive CPUAccounting=true MemoryAccounting=true " +
		"TasksAccounting=true IOAccounting=true PIDs=[42] TasksMax=20]"
	if got := fmt.Sprint(list); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if mulDiv(maxQuota, 1_000_000, 1000) != maxQuota*1000 || mulDiv(1, 1_000_000, 3) != 333334 || infinity != math.MaxUint64 {
		t.Error("arithmetic")
	}
}
