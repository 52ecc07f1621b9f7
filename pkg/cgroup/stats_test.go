package cgroup

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIO(t *testing.T) {
	got := parseIO("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7\n254:16 rbytes=9\n8:1\nx:y rbytes=1\n\n")
	want := []DeviceStats{{8, 0, 1, 2, 3, 4, 5, 6}, {Major: 254, Minor: 16, ReadBytes: 9}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParsePressure(t *testing.T) {
	got := parsePressure("some avg10=1.50 avg60=0.25 avg300=0.00 total=123\nfull avg10=NaN avg60=+Inf avg300=x total=4\nhalf avg10=9\n\n")
	want := &Pressure{Some: Stall{1.5, 0.25, 0, 123}, Full: Stall{Total: 4}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if parsePressure("") != nil {
		t.Error("pressure of nothing")
	}
}

func FuzzParseStats(f *testing.F) {
	f.Add("8:0 rbytes=1\nsome avg10=1.50 total=1\nkey 5\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := Stats{IO: parseIO(text), IOPSI: parsePressure(text), Memory: &MemoryStats{Stat: keyed(text)}}
		if _, err := json.Marshal(s.Event("x")); err != nil {
			t.Errorf("%q cannot be said in JSON: %v", text, err)
		}
	})
}

// TestEvent: the keys, their order and their spelling are runc's.
func TestEvent(t *testing.T) {
	s := Stats{
		CPU: CPUStats{Usage: 3, User: 2, System: 1, Periods: 10, Throttled: 4, ThrottledTime: 5,
			PSI: &Pressure{Some: Stall{0.5, 0, 0, 7}}},
		Memory: &MemoryStats{Current: 100, Max: NoLimit, Peak: 200, SwapCurrent: 5, SwapMax: 50, AtMax: 2, OOM: 1, OOMKill: 1,
			Stat: map[string]uint64{"anon": 60, "file": 40}},
		Pids:    &PidsStats{Current: 3, Max: NoLimit},
		IO:      []DeviceStats{{Major: 8, ReadBytes: 512, Reads: 1}},
		Hugetlb: map[string]HugetlbStats{"2MB": {Max: NoLimit}},
	}
	got, err := json.MarshalIndent(s.Event("redis"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/event.golden", string(got)+"\n")
	oom, _ := json.Marshal(Event{Type: "oom", ID: "redis"})
	if string(oom) != `{"type":"oom","id":"redis"}` {
		t.Errorf("oom is %s", oom)
	}
}

// TestStats counts what a process has used. Kernels since 4.15 count the time of each cgroup without a controller.
func TestStats(t *testing.T) {
	d := fresh(t)
	cmd := exec.Command("sh", "-c", "read start; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := d.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	s, err := d.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if s.CPU.Usage == 0 || s.CPU.Usage < s.CPU.User {
		t.Errorf("time used: %+v", s.CPU)
	}
	if _, err := os.Stat("/proc/pressure/cpu"); err == nil && s.CPU.PSI == nil {
		t.Error("no pressure, though the kernel counts it")
	}
	available, err := d.words("cgroup.controllers")
	if err != nil || strings.Contains(strings.Join(available, " "), "memory") != (s.Memory != nil) {
		t.Errorf("memory %v with the controllers %v, %v", s.Memory, available, err)
	}
}
