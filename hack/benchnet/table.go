package main

import (
	"fmt"
	"slices"
	"strings"
)

// figures are what was measured of each tool, by its name, round after round.
type figures map[string][]float64

// add takes what more rounds have shown.
func (f figures) add(more figures) {
	for name, all := range more {
		f[name] = append(f[name], all...)
	}
}

// firstTool is the one whose figures are divided by those of the other.
const firstTool = "urun"

// header says what is measured, and how.
func header(tools []tool, o options) {
	fmt.Printf("all traffic on this host; streams of %v after a beginning of %v, and %d connections one after the other, in %d rounds\n", o.length, o.warmUp, calls, o.rounds)
	if len(tools) > 1 {
		fmt.Printf("ratio: %s to %s, the median of the rounds' own; <: less is better, >: more is better\n\n", tools[0].name, tools[1].name)
	}
	line := fmt.Sprintf("%-36s", "medians")
	for _, t := range tools {
		line += fmt.Sprintf(" %10s", t.name)
	}
	if len(tools) > 1 {
		line += fmt.Sprintf(" %8s    %s", "ratio", "of the rounds")
	}
	fmt.Println(line)
}

// lower prints a row in which less is better, higher one in which more is.
func lower(tools []tool, what string, f figures)  { row(tools, what, "<", f) }
func higher(tools []tool, what string, f figures) { row(tools, what, ">", f) }

// row prints the medians, the median of the ratios of each round, and the smallest and the largest of them.
func row(tools []tool, what, better string, f figures) {
	line := fmt.Sprintf("%-36s", what)
	for _, t := range tools {
		cell := "-"
		if all := f[t.name]; len(all) > 0 {
			cell = fmt.Sprintf("%.*f", digits(median(all)), median(all))
		}
		line += fmt.Sprintf(" %10s", cell)
	}
	if ratios := f.ratios(tools); len(ratios) > 0 {
		line += fmt.Sprintf(" %7.2f %s", median(ratios), better)
		if len(ratios) > 1 {
			line += fmt.Sprintf("  %.2f to %.2f", slices.Min(ratios), slices.Max(ratios))
		}
	}
	fmt.Println(strings.TrimRight(line, " "))
}

func digits(f float64) int {
	if f < 100 {
		return 1
	}
	return 0
}

// ratios are the first tool's figures by the second's, round by round.
func (f figures) ratios(tools []tool) (all []float64) {
	if len(tools) < 2 {
		return nil
	}
	a, b := f[firstTool], f[tools[1].name]
	for i := range min(len(a), len(b)) {
		all = append(all, a[i]/b[i])
	}
	return all
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
