package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// bench is one run of everything.
type bench struct {
	work    string // a directory on tmpfs, for output files
	n       int    // measurements of each command
	many    int    // containers for list and for the row of many
	bundles bundles
	tools   []*tool
}

// working are the tools that run containers here.
func (b *bench) working() []*tool {
	var tools []*tool
	for _, t := range b.tools {
		if t.refused == "" {
			tools = append(tools, t)
		}
	}
	return tools
}

// inTurn calls f for every tool n times, and once before that without being counted, for the caches.
func (b *bench) inTurn(tools []*tool, n int, f func(t *tool, round int, counts bool)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // threads that look for work would take a CPU from what is measured
	for round := range n + 1 {
		for _, t := range tools {
			f(t, round, round > 0)
		}
	}
}

// one measures a verb that needs no preparation and leaves nothing behind.
func (b *bench) one(r *row, tools []*tool, v verb, id, bundle string) *row {
	b.inTurn(tools, b.n, func(t *tool, round int, counts bool) {
		name := id
		if v == run {
			name = fmt.Sprintf("%s-%d", id, round)
		}
		argv := t.argv(v, name, bundle)
		if argv == nil {
			return
		}
		if o, err := spawn(b.work, argv); counts || err != nil {
			r.add(t, o, err)
		}
	})
	return r
}

// life measures create, start and delete --force of one container after the other.
func (b *bench) life() []*row {
	rows := []*row{newRow("create", ""), newRow("start", ""), newRow("delete -f", "≤ 0.06× runc")}
	b.inTurn(b.working(), b.n, func(t *tool, round int, counts bool) {
		id := fmt.Sprintf("bench-life-%d", round)
		for i, v := range []verb{create, start, remove} {
			if o, err := spawn(b.work, t.argv(v, id, b.bundles.waitFull)); counts || err != nil {
				rows[i].add(t, o, err)
			}
		}
	})
	return rows
}

// inRunning measures what is asked of a running container.
func (b *bench) inRunning() []*row {
	const id = "bench-running"
	for _, t := range b.working() {
		b.begin(t, id)
		defer b.end(t, id)
	}
	return []*row{
		b.one(newRow("exec true", "≤ 0.14× runc, ≤ 0.55× crun"), b.working(), execTrue, id, ""),
		b.one(newRow("state", "≤ 0.60× runc"), b.working(), state, id, ""),
	}
}

// listing measures list where there are many containers.
func (b *bench) listing() *row {
	for _, t := range b.working() {
		b.parallel(b.many, func(i int) { b.begin(t, fmt.Sprintf("bench-list-%d", i)) })
	}
	r := b.one(newRow(fmt.Sprintf("list of %d", b.many), "≤ 0.60× runc"), b.working(), list, "", "")
	for _, t := range b.working() {
		b.parallel(b.many, func(i int) { b.end(t, fmt.Sprintf("bench-list-%d", i)) })
	}
	return r
}

// crowd measures many containers as a whole: one after another, and ten at a time.
func (b *bench) crowd() []*row {
	single := newRow(fmt.Sprintf("%d runs, one by one", b.many), "")
	tenfold := newRow(fmt.Sprintf("%d runs, ten at a time", b.many), "")
	for _, t := range b.working() {
		runOne := func(r *row) func(int) {
			return func(i int) {
				if _, err := spawn(b.work, t.argv(run, fmt.Sprintf("bench-many-%d", i), b.bundles.trueFull)); err != nil {
					r.add(t, outcome{}, err)
				}
			}
		}
		begin := time.Now()
		for i := range b.many {
			runOne(single)(i)
		}
		single.add(t, outcome{took: time.Since(begin)}, nil)
		begin = time.Now()
		b.parallel(b.many, runOne(tenfold))
		tenfold.add(t, outcome{took: time.Since(begin)}, nil)
	}
	return []*row{single, tenfold}
}

// begin makes a container that runs and waits; end removes it. What goes wrong shows in what is measured then.
func (b *bench) begin(t *tool, id string) {
	spawn(b.work, t.argv(create, id, b.bundles.waitFull))
	spawn(b.work, t.argv(start, id, ""))
}

func (b *bench) end(t *tool, id string) { spawn(b.work, t.argv(remove, id, "")) }

// parallel calls f for 0 … n-1, ten at a time.
func (b *bench) parallel(n int, f func(int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 10)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			f(i)
			<-slots
		})
	}
	all.Wait()
}
