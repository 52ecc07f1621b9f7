package main

import (
	"math"
	"testing"
	"time"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/container"
)

func TestInUnits(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0B", 999: "999B", 1000: "0.98KiB", 1024: "1.00KiB", 10 << 10: "10.0KiB", 100 << 20: "100MiB", 64 << 20: "64.0MiB",
		1536 << 20: "1.50GiB", math.MaxUint64: "16.0EiB",
	} {
		if got := inUnits(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestRowOf: half a CPU for two seconds; memory without what could be dropped; no limit is no key.
func TestRowOf(t *testing.T) {
	at := time.Unix(1000, 0)
	before := container.Usage{ID: "x", When: at, Stats: cgroup.Stats{CPU: cgroup.CPUStats{Usage: 5_000_000}}}
	now := container.Usage{ID: "x", When: at.Add(2 * time.Second), Stats: cgroup.Stats{
		CPU:    cgroup.CPUStats{Usage: 6_000_000},
		Memory: &cgroup.MemoryStats{Current: 48 << 20, Max: 64 << 20, Stat: map[string]uint64{"inactive_file": 16 << 20}},
		Pids:   &cgroup.PidsStats{Current: 3, Max: cgroup.NoLimit},
		IO:     []cgroup.DeviceStats{{ReadBytes: 1, WriteBytes: 2}, {ReadBytes: 10, WriteBytes: 20}},
	}}
	want := usageRow{ID: "x", CPUPercent: 50, CPUTime: 6_000_000_000, Memory: 32 << 20, MemoryLimit: 64 << 20, MemoryPercent: 50, Pids: 3, BlockRead: 11, BlockWrite: 22}
	if got := rowOf(before, now); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got := rowOf(now, before); got.CPUPercent != 0 {
		t.Errorf("back in time it uses %v %%", got.CPUPercent)
	}
	if got := rowOf(container.Usage{}, now); got.CPUPercent != 0 {
		t.Errorf("at the first look it uses %v %%", got.CPUPercent)
	}
}
