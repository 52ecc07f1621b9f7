package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// row is one line of the table: what was measured, for each tool.
type row struct {
	mu      sync.Mutex // containers are also started ten at a time
	name    string
	goal    string // what urun wants to reach, as ratios of medians
	samples map[string][]time.Duration
	failed  map[string]string
}

func newRow(name, goal string) *row {
	return &row{name: name, goal: goal, samples: map[string][]time.Duration{}, failed: map[string]string{}}
}

// add notes one measurement or, once for each tool, why there is none.
func (r *row) add(t *tool, o outcome, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed[t.name] = err.Error()
		return
	}
	r.samples[t.name] = append(r.samples[t.name], o.took)
}

// median of an odd number of samples is the middle one, of an even number the mean of the middle two; 0 of none.
func median(samples []time.Duration) time.Duration {
	n := len(samples)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// cell is what the table says of one tool: its median, and how many times as long urun takes.
func (r *row) cell(t *tool) string {
	mine, theirs := median(r.samples["urun"]), median(r.samples[t.name])
	switch {
	case t.refused != "" && theirs == 0:
		return "refused"
	case r.failed[t.name] != "":
		return "failed"
	case theirs == 0:
		return "–"
	case t.name == "urun" || mine == 0:
		return milliseconds(theirs)
	}
	return fmt.Sprintf("%s  %.2f×", milliseconds(theirs), float64(mine)/float64(theirs))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// printTimes prints the medians, and below them everything that went wrong.
func printTimes(w io.Writer, rows []*row, tools []*tool) {
	fmt.Fprintln(w, "\nMedians; 0.20× means that urun takes 0.20 times as long.")
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprint(table, "\t")
	for _, t := range tools {
		fmt.Fprintf(table, "%s\t", t.name)
	}
	fmt.Fprintln(table, "goal")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t", r.name)
		for _, t := range tools {
			fmt.Fprintf(table, "%s\t", r.cell(t))
		}
		fmt.Fprintln(table, r.goal)
	}
	table.Flush()
	for _, t := range tools {
		if t.refused != "" {
			fmt.Fprintf(w, "%s refused: %s\n", t.name, t.refused)
		}
	}
	for _, r := range rows {
		for _, t := range tools {
			if r.failed[t.name] != "" {
				fmt.Fprintf(w, "%s of %s failed: %s\n", r.name, t.name, r.failed[t.name])
			}
		}
	}
}
