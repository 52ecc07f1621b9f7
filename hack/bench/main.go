package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	urun := flag.String("urun", "bin/urun", "the `binary` to measure")
	empty := flag.String("empty", "", "an empty Go `program`: the floor of --version")
	n := flag.Int("n", 30, "measurements of each command")
	many := flag.Int("many", 100, "containers for list and for runs in a row")
	without := flag.String("without", "", "`tools` to leave out, with commas")
	cgroups := flag.Bool("cgroups", false, "measure what cgroups cost, beside crun, in the caller's own session (make bench-vm)")
	flag.Parse()
	what := func() error { return measure(*urun, *empty, *n, *many, strings.Split(*without, ",")) }
	if *cgroups {
		what = func() error { return measureCgroups(*urun, *n) }
	}
	if err := what(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure does it all: prepare, measure, print, and clean up.
func measure(urun, empty string, n, many int, leaveOut []string) error {
	if os.Getuid() == 0 {
		return fmt.Errorf("this is about not being root; run make bench")
	}
	work, err := os.MkdirTemp("", "urun-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	// Short, for podman will not have a long one.
	state, err := os.MkdirTemp("/dev/shm", "urun-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	// A runtime directory of its own, so that nothing of the user's own containers is met.
	if err := os.Setenv("XDG_RUNTIME_DIR", state); err != nil {
		return err
	}
	b := &bench{work: state, n: n, many: many}
	if b.bundles, err = makeBundles(filepath.Join(work, "bundles"), urun, runtime.GOARCH); err != nil {
		return err
	}
	b.tools = findTools(urun, state, b.bundles, leaveOut)
	defer endPodman(state)
	b.introduce(urun)

	rows := b.times(empty)
	printTimes(os.Stdout, rows, b.tools)
	printFloor(rows[len(rows)-1])
	b.printMemory(os.Stdout)
	b.printStages(os.Stdout, urun, filepath.Join(state, "urun"), b.bundles.trueFull)
	return nil
}

// times measures everything that takes time; the last row is --version.
func (b *bench) times(empty string) []*row {
	rows := []*row{
		b.one(newRow("run true, full map", "≤ 0.22× runc, ≤ 0.55× crun"), b.working(), run, "bench-full", b.bundles.trueFull),
		b.one(newRow("run true, one id", "≤ 0.17× runc, ≤ 0.42× crun"), b.working(), run, "bench-one", b.bundles.trueOne),
		b.one(newRow("run true, seccomp", "≤ 0.20× runc, ≤ 0.25 ms over the first"), b.working(), run, "bench-filtered", b.bundles.trueFiltered),
	}
	rows = append(rows, b.inRunning()...)
	rows = append(rows, b.life()...)
	rows = append(rows, b.listing())
	rows = append(rows, b.crowd()...)
	tools := b.tools
	if empty != "" {
		tools = append(tools[:len(tools):len(tools)], &tool{name: emptyGo, argv: func(verb, string, string) []string { return []string{empty} }})
	}
	return append(rows, b.one(newRow("--version", "≤ 0.8 ms over an empty Go program"), tools, version, "", ""))
}

const emptyGo = "empty Go program"

// printFloor says how far urun --version is from what any Go program takes.
func printFloor(versions *row) {
	floor := median(versions.samples[emptyGo])
	if floor == 0 {
		return
	}
	fmt.Printf("An empty Go program: %s; urun --version is %s above it.\n",
		milliseconds(floor), milliseconds(median(versions.samples["urun"])-floor))
}

// findTools lists urun and whatever of the others is installed and not left out.
func findTools(urun, state string, b bundles, leaveOut []string) []*tool {
	tools := []*tool{ociRuntime("urun", urun, filepath.Join(state, "urun"))}
	for _, name := range []string{"runc", "crun", "podman"} {
		path := findTool(name)
		switch {
		case path == "" || slices.Contains(leaveOut, name):
		case name == "podman":
			tools = append(tools, podman(path, filepath.Join(state, "podman"), b.rootfs, b))
		default:
			tools = append(tools, ociRuntime(name, path, filepath.Join(state, name)))
		}
	}
	return tools
}

// introduce says what is compared, and how.
func (b *bench) introduce(urun string) {
	fmt.Printf("%d measurements of each, in turn, as uid %d, state on %s\n", b.n, os.Getuid(), filepath.Dir(b.work))
	fmt.Printf("the bundle of urun spec --rootless, for all of them: %s\n", strings.Join(b.bundles.changes, ", "))
	for _, t := range b.tools {
		said := t.probe(b.work, b.bundles)
		if t.refused != "" {
			said += " – refused: " + t.refused
		}
		fmt.Printf("  %-7s %s\n", t.name, said)
	}
	var info syscall.Stat_t
	if syscall.Stat(urun, &info) == nil && info.Uid == uint32(os.Getuid()) {
		fmt.Println("urun's binary belongs to the user who measures: it seals itself at each start, which an installed one need not")
	}
}

// endPodman ends the process with which podman keeps its user namespace, which outlives its last container.
func endPodman(runtimeDir string) {
	raw, err := os.ReadFile(filepath.Join(runtimeDir, "libpod/tmp/pause.pid"))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return
	}
	// The runtime directory is the bench's own, so this is not the user's; and is it still podman?
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if strings.HasPrefix(string(name), "podman") || strings.HasPrefix(string(name), "catatonit") {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
