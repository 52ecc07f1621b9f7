package main

import (
	"fmt"
	"slices"
	"time"
)

var lastPort = 28000

// rounds measures each tool once in each round, and begins with another one each time.
func rounds(tools []tool, o options, measure func(t tool, port int, o options) float64) figures {
	f := figures{}
	for i := range o.rounds {
		turn := slices.Clone(tools)
		if i%2 == 1 {
			slices.Reverse(turn)
		}
		for _, t := range turn {
			lastPort++
			f[t.name] = append(f[t.name], measure(t, lastPort, o))
		}
	}
	return f
}

// starts runs containers that end at once, on the host's network and on one of their own with a published port.
func starts(tools []tool, o options) {
	a, b := figures{}, figures{}
	plain := func(t tool, port int, _ options) float64 { return timed(t.plain(name(port))) }
	networked := func(t tool, port int, o options) float64 { return timed(t.once(name(port), o.mode, port)) }
	once := o
	once.rounds = 1
	rounds(tools, once, plain) // what is made at the first start is made, and in memory
	rounds(tools, once, networked)
	for range o.starts {
		a.add(rounds(tools, once, plain))
		b.add(rounds(tools, once, networked))
	}
	lower(tools, "start on the host's network, ms", a)
	lower(tools, "start by "+o.mode+" with a port, ms", b)
	added := figures{} // each start differs by more than this does, so not round by round
	for name := range a {
		added[name] = []float64{median(b[name]) - median(a[name])}
	}
	lower(tools, "added by the network, ms", added)
}

// name is the id of the container that has this port.
func name(port int) string { return fmt.Sprintf("bn-%d", port) }

func timed(argv []string) float64 {
	start := time.Now()
	command(argv)
	return float64(time.Since(start).Microseconds()) / 1000
}

// who of the tools can connect a container by this helper; of the others, why not.
func who(tools []tool, helper string) (able []tool, why []string) {
	for _, t := range tools {
		lastPort++
		if err := try(t.once(name(lastPort), helper, lastPort)); err != nil {
			why = append(why, fmt.Sprintf("%s has none by %s: %v", t.name, helper, err))
			continue
		}
		able = append(able, t)
	}
	return able, why
}
