package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// stage is one part of urun's own time, as `urun --debug` tells it.
type stage struct {
	name string
	took time.Duration
}

// stages reads the lines `trace: NAME DURATION` (a duration as Go writes it: 0.21ms) out of what --debug printed,
// whatever stands before them on the line and around them.
func stages(output string) []stage {
	var found []stage
	for line := range strings.Lines(output) {
		_, rest, ok := strings.Cut(line, "trace: ")
		if !ok {
			continue
		}
		fields := strings.Fields(strings.Trim(strings.TrimSpace(rest), `"}`))
		if len(fields) < 2 {
			continue
		}
		last := len(fields) - 1
		if took, err := time.ParseDuration(fields[last]); err == nil {
			found = append(found, stage{strings.Join(fields[:last], " "), took})
		}
	}
	return found
}

// printStages runs urun with --debug and prints where its time goes, as medians.
func (b *bench) printStages(w io.Writer, urun, root, bundle string) {
	var order []string
	samples := map[string][]time.Duration{}
	for round := range b.n {
		o, err := spawn(b.work, []string{urun, "--debug", "--root", root, "run", "--bundle", bundle, fmt.Sprintf("bench-trace-%d", round)})
		if err != nil {
			fmt.Fprintf(w, "\nurun --debug run failed: %v\n", err)
			return
		}
		for _, s := range stages(string(o.output)) {
			if samples[s.name] == nil {
				order = append(order, s.name)
			}
			samples[s.name] = append(samples[s.name], s.took)
		}
	}
	if len(order) == 0 {
		return
	}
	fmt.Fprintf(w, "\nWhere the time of urun run true goes (urun's own clock, %s, medians):\n", filepath.Base(bundle))
	for _, name := range order {
		fmt.Fprintf(w, "  %-24s %s\n", name, milliseconds(median(samples[name])))
	}
}
