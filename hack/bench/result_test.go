package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{nil, 0},
		{[]time.Duration{3}, 3},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{9, 1, 5, 7}, 6},
	} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestCell(t *testing.T) {
	urun, runc, crun := &tool{name: "urun"}, &tool{name: "runc"}, &tool{name: "crun", refused: "no"}
	r := newRow("run", "")
	r.add(urun, outcome{took: 5 * time.Millisecond}, nil)
	r.add(runc, outcome{took: 20 * time.Millisecond}, nil)
	for _, c := range []struct {
		tool *tool
		want string
	}{
		{urun, "5.00 ms"},
		{runc, "20.00 ms  0.25×"},
		{crun, "refused"},
		{&tool{name: "podman"}, "–"},
	} {
		if got := r.cell(c.tool); got != c.want {
			t.Errorf("%s: %q, want %q", c.tool.name, got, c.want)
		}
	}
}

func TestStages(t *testing.T) {
	got := stages("noise\ntrace: decode 0.21ms\n" +
		`time="2026" level=debug msg="trace: write maps 1.5ms"` + "\ntrace: odd\n")
	want := []stage{{"decode", 210 * time.Microsecond}, {"write maps", 1500 * time.Microsecond}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}
