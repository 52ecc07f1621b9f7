package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printMemory prints the peak of each tool's own process for some verbs, and what the process has that waits between
// create and start.
func (b *bench) printMemory(w io.Writer) {
	const id = "bench-memory"
	fmt.Fprintln(w, "\nPeak of resident memory (goal of urun: below 6 MB, and below 4 MB for the container that waits).")
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\trun\tcreate\tstate\tstart\texec\tdelete -f\twaiting after create")
	for _, t := range b.working() {
		cells := []string{t.name, b.peakOf(t, run, id+"-run", b.bundles.trueFull), b.peakOf(t, create, id, b.bundles.waitFull)}
		waiting := b.waiting(t, id)
		for _, v := range []verb{state, start, execTrue, remove} {
			cells = append(cells, b.peakOf(t, v, id, ""))
		}
		fmt.Fprintln(table, strings.Join(append(cells, waiting), "\t"))
	}
	table.Flush()
}

func (b *bench) peakOf(t *tool, v verb, id, bundle string) string {
	most, err := peak(t.argv(v, id, bundle))
	if err != nil {
		return "failed: " + err.Error()
	}
	return most.String()
}

// waiting tells what a created container's process has, as far as the tool shows a process.
func (b *bench) waiting(t *tool, id string) string {
	o, err := spawn(b.work, t.argv(state, id, ""))
	var answer struct{ Pid int }
	if err != nil || json.Unmarshal(o.output, &answer) != nil || answer.Pid == 0 {
		return "–"
	}
	has := memory(answer.Pid)
	return fmt.Sprintf("%s (%s of its own)", has["VmRSS"], has["RssAnon"])
}
