package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/container"
)

// A usageRow is a line of stats, and an element of its JSON. Limits that there are not are left out.
type usageRow struct {
	ID            string  `json:"id"`
	CPUPercent    float64 `json:"cpuPercent"` // of one CPU
	CPUTime       uint64  `json:"cpuTime"`    // nanoseconds since the start
	Memory        uint64  `json:"memory"`     // bytes
	MemoryLimit   uint64  `json:"memoryLimit,omitempty"`
	MemoryPercent float64 `json:"memoryPercent,omitempty"` // of the limit
	Pids          uint64  `json:"pids"`                    // threads
	PidsLimit     uint64  `json:"pidsLimit,omitempty"`
	BlockRead     uint64  `json:"blockRead"` // bytes
	BlockWrite    uint64  `json:"blockWrite"`
}

// rowOf makes a row of two looks at one container. Without an earlier one the CPU use is not known.
func rowOf(before, now container.Usage) usageRow {
	r := usageRow{ID: now.ID, CPUTime: now.CPU.Usage * 1000}
	if passed := now.When.Sub(before.When); before.ID != "" && passed > 0 && now.CPU.Usage > before.CPU.Usage {
		r.CPUPercent = 100 * float64(now.CPU.Usage-before.CPU.Usage) * 1000 / float64(passed)
	}
	if m := now.Stats.Memory; m != nil {
		r.Memory = m.Current - min(m.Current, m.Stat["inactive_file"])
		if m.Max != cgroup.NoLimit && m.Max > 0 {
			r.MemoryLimit = m.Max
			r.MemoryPercent = 100 * float64(r.Memory) / float64(m.Max)
		}
	}
	if p := now.Stats.Pids; p != nil {
		r.Pids = p.Current
		if p.Max != cgroup.NoLimit {
			r.PidsLimit = p.Max
		}
	}
	for _, d := range now.IO {
		r.BlockRead += d.ReadBytes
		r.BlockWrite += d.WriteBytes
	}
	return r
}

func statsTable(rows []usageRow) string {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 4, 1, 3, ' ', 0)
	fmt.Fprint(tw, "ID\tCPU %\tMEM USAGE / LIMIT\tMEM %\tPIDS\tBLOCK IO\n")
	for _, r := range rows {
		limit, percent := "none", "-"
		if r.MemoryLimit > 0 {
			limit, percent = inUnits(r.MemoryLimit), fmt.Sprintf("%.2f%%", r.MemoryPercent)
		}
		fmt.Fprintf(tw, "%s\t%.2f%%\t%s / %s\t%s\t%d\t%s / %s\n",
			r.ID, r.CPUPercent, inUnits(r.Memory), limit, percent, r.Pids, inUnits(r.BlockRead), inUnits(r.BlockWrite))
	}
	_ = tw.Flush()
	return b.String()
}

// inUnits writes an amount with the unit that leaves at most four digits.
func inUnits(n uint64) string {
	value, unit := float64(n), 0
	for value >= 1000 && unit < 6 {
		value /= 1024
		unit++
	}
	if unit == 0 {
		return strconv.FormatUint(n, 10) + "B"
	}
	return strconv.FormatFloat(value, 'f', max(0, 2-len(strconv.Itoa(int(value)))+1), 64) + string("KMGTPE"[unit-1]) + "iB"
}
