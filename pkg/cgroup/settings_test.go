package cgroup

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden prints what becomes of resources: testdata/NAME.json becomes NAME.golden, with the files first, and then the
// properties of the unit, the notices, or the error.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no testdata")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var r specs.LinuxResources
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(file, "json")+"golden", describe(&r))
		})
	}
}

func describe(r *specs.LinuxResources) string {
	settings, notices, err := Settings(r)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%s  (%s; %s)", s, s.Path, s.Controller)
		if s.Optional {
			b.WriteString(" optional")
		}
		if s.AnyOf != "" {
			b.WriteString(" any of " + s.AnyOf)
		}
		if s.NotBelow != "" {
			b.WriteString(" not below " + s.NotBelow)
		}
		b.WriteByte('\n')
	}
	properties, err := Properties(settings, 0)
	for _, p := range properties {
		fmt.Fprintf(&b, "unit: %s\n", p)
	}
	if err != nil {
		fmt.Fprintf(&b, "unit: error: %v\n", err)
	}
	for _, n := range notices {
		fmt.Fprintf(&b, "notice: %s: %s: %s (%s); %s\n", n.Code, n.Want, n.Got, n.Why, n.Fix)
	}
	return b.String()
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew; git diff shows what changed); got:\n%s", path, got)
	}
}

// TestRefused: each error begins with the path of what is wrong.
func TestRefused(t *testing.T) {
	for _, test := range []struct{ resources, want string }{
		{`{"memory": {"limit": -2}}`, "linux.resources.memory.limit: -2 is negative; -1 says that there is no limit"},
		{`{"memory": {"limit": 1}}`, "linux.resources.memory.limit: 1 is less than a page of memory"},
		{`{"memory": {"limit": 8192, "swap": 4096}}`, "linux.resources.memory.swap: 4096 is below linux.resources.memory.limit 8192"},
		{`{"memory": {"swap": 4096}}`, "linux.resources.memory.swap: 4096 is the limit of memory and swap together: it needs"},
		{`{"memory": {"limit": -1, "swap": 4096}}`, "linux.resources.memory.swap: 4096 cannot be below"},
		{`{"memory": {"swap": -3}}`, "linux.resources.memory.swap: -3 is negative"},
		{`{"memory": {"limit": 8192, "reservation": 8193}}`, "linux.resources.memory.reservation: 8193 is above"},
		{`{"memory": {"reservation": -9223372036854775808}}`, "linux.resources.memory.reservation: -9223372036854775808 is negative"},
		{`{"cpu": {"realtimeRuntime": 950000}}`, "linux.resources.cpu.realtimeRuntime: cgroup v2 does not share out real-time"},
		{`{"cpu": {"realtimePeriod": 1000000}}`, "linux.resources.cpu.realtimePeriod: "},
		{`{"cpu": {"idle": 2}}`, "linux.resources.cpu.idle: 2 is neither 0 nor 1"},
		{`{"cpu": {"quota": -2}}`, "linux.resources.cpu.quota: -2 is negative"},
		{`{"cpu": {"quota": 999}}`, "linux.resources.cpu.quota: 999 µs is below 1000"},
		{`{"cpu": {"quota": 9223372036854775807}}`, "linux.resources.cpu.quota: 9223372036854775807 µs is above"},
		{`{"cpu": {"period": 999}}`, "linux.resources.cpu.period: 999 µs is not between 1000 and 1000000"},
		{`{"cpu": {"period": 9223372036854775808}}`, "linux.resources.cpu.period: 9223372036854775808 µs is not"},
		{`{"cpu": {"quota": 50000, "burst": 50001}}`, "linux.resources.cpu.burst: 50001 is above linux.resources.cpu.quota 50000"},
		{`{"cpu": {"burst": 18446744073709551615}}`, "linux.resources.cpu.burst: 18446744073709551615 µs is above"},
		{`{"cpu": {"cpus": "0-"}}`, `linux.resources.cpu.cpus: "0-" is not a number or a range`},
		{`{"cpu": {"cpus": "3-1"}}`, `linux.resources.cpu.cpus: range "3-1" ends before it begins`},
		{`{"cpu": {"mems": "4096"}}`, "linux.resources.cpu.mems: 4096 is above 1023"},
		{`{"pids": {"limit": -2}}`, "linux.resources.pids.limit: -2 is negative"},
		{`{"blockIO": {"weight": 9}}`, "linux.resources.blockIO.weight: 9 is not between 10 and 1000"},
		{`{"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 1001}]}}`, "linux.resources.blockIO.weightDevice[0].weight: 1001"},
		{`{"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0}, {"major": -1, "minor": 0}]}}`, "linux.resources.blockIO.throttleReadBpsDevice[1].major: -1"},
		{`{"hugepageLimits": [{"pageSize": "2MiB", "limit": 1}]}`, `linux.resources.hugepageLimits[0].pageSize: "2MiB"`},
		{`{"hugepageLimits": [{"pageSize": "../2MB", "limit": 1}]}`, "linux.resources.hugepageLimits[0].pageSize: "},
		{`{"rdma": {"mlx5 0": {"hcaHandles": 1}}}`, `linux.resources.rdma: "mlx5 0" is not a device's name`},
		{`{"rdma": {"mlx5": {}}}`, "linux.resources.rdma.mlx5: neither hcaHandles nor hcaObjects"},
		{`{"unified": {"../memory.max": "1"}}`, `linux.resources.unified: "../memory.max": a file of the container's own cgroup is named without a slash`},
		{`{"unified": {"memory": "1"}}`, `linux.resources.unified: "memory" is not CONTROLLER.PARAMETER`},
		{`{"unified": {".max": "1"}}`, "is not CONTROLLER.PARAMETER"},
		{`{"unified": {"cgroup.procs": "1"}}`, `linux.resources.unified: "cgroup.procs" is the runtime's`},
		{`{"unified": {"memory.max": " "}}`, `linux.resources.unified.memory.max: " " is no value`},
	} {
		var r specs.LinuxResources
		if err := json.Unmarshal([]byte(test.resources), &r); err != nil {
			t.Fatalf("%s: %v", test.resources, err)
		}
		if _, _, err := Settings(&r); err == nil || !strings.HasPrefix(err.Error(), "linux.resources.") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:\n got %v\nwant %s", test.resources, err, test.want)
		}
	}
}

// TestWeight compares with what runc and crun compute since 2025.
func TestWeight(t *testing.T) {
	for shares, want := range map[uint64]uint64{
		0: 0, 1: 1, 2: 1, 256: 35, 512: 59, 1024: 100, 2048: 174, 3072: 240, 4096: 303, 262143: 10000, 262144: 10000, math.MaxUint64: 10000,
	} {
		if got := Weight(shares); got != want {
			t.Errorf("%d shares are weight %d, want %d", shares, got, want)
		}
	}
	for shares := uint64(2); shares < 1<<18; shares++ {
		if Weight(shares) > Weight(shares+1) {
			t.Fatalf("%d shares weigh more than %d", shares, shares+1)
		}
	}
}

// FuzzSettings: whatever the resources are, they are refused with a path, or become files without a slash and values of
// one line, which systemd's words can be found for.
func FuzzSettings(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r specs.LinuxResources
		if json.Unmarshal(raw, &r) != nil {
			return
		}
		settings, _, err := Settings(&r)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "linux.resources.") {
				t.Errorf("error without a path: %v", err)
			}
			return
		}
		for _, s := range settings {
			if s.File == "" || strings.ContainsAny(s.File, "/\x00") || s.Value == "" || strings.ContainsAny(s.Value, "\n\x00") {
				t.Errorf("%q = %q of %s", s.File, s.Value, s.Path)
			}
		}
		if _, err := Properties(settings, 252); err != nil && len(r.Unified) == 0 {
			t.Errorf("settings without unified have no properties: %v", err)
		}
	})
}

func TestLifts(t *testing.T) {
	for text, want := range map[string]bool{
		"memory.max max": true, "memory.max 0": false, "pids.max 5": false, "cpu.max max": true, "cpu.max max 50000": true, "cpu.max 1000 50000": false,
		"cpu.idle 0": true, "cpu.idle 1": false, "cpu.max.burst 0": true, "memory.swap.max 0": false, "io.max 8:0 rbps=max": true, "io.max 8:0 rbps=5": false,
	} {
		file, value, _ := strings.Cut(text, " ")
		if got := (Setting{File: file, Value: value}).Lifts(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestDevices: a rule that takes nothing from a device that is in the container's /dev is not told of.
func TestDevices(t *testing.T) {
	for _, tc := range []struct {
		rule specs.LinuxDeviceCgroup
		told bool
	}{
		{specs.LinuxDeviceCgroup{}, false}, // the first of nearly every config: deny all
		{specs.LinuxDeviceCgroup{Type: "a", Access: "rwm"}, false},
		{specs.LinuxDeviceCgroup{Type: "c", Access: "rwm"}, true},
		{specs.LinuxDeviceCgroup{Allow: true, Type: "c", Access: "m"}, false}, // nobody can make one
		{specs.LinuxDeviceCgroup{Allow: true, Type: "c", Access: "rw"}, false},
		{specs.LinuxDeviceCgroup{Allow: true, Type: "c", Access: "mwr"}, false},
		{specs.LinuxDeviceCgroup{Allow: true, Type: "c", Access: "r"}, true},
	} {
		_, notices, err := Settings(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{tc.rule}})
		if err != nil || (len(notices) == 1) != tc.told {
			t.Errorf("%+v: %v, %v", tc.rule, notices, err)
		}
	}
}
