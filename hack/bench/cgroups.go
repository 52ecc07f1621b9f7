package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// measureCgroups compares urun with crun where both make a scope of the user's systemd with limits, and where neither makes any
// cgroup. Unlike the other measurements it needs the session of a user as it is, with its systemd and its bus.
func measureCgroups(urun string, n int) error {
	work, err := os.MkdirTemp("/dev/shm", "urun-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{work: work, n: n}
	if b.bundles, err = makeBundles(filepath.Join(work, "bundles"), urun, runtime.GOARCH); err != nil {
		return err
	}
	crun := findTool("crun")
	if crun == "" {
		return fmt.Errorf("crun is not installed")
	}
	root := filepath.Join(work, "urun")
	mine := ociRuntime("urun", urun, root)
	scoped := []*tool{mine, ociRuntime("crun", crun, filepath.Join(work, "scoped"), "--systemd-cgroup")}
	plain := []*tool{mine, ociRuntime("crun", crun, filepath.Join(work, "plain"), "--cgroup-manager=disabled")}
	for _, t := range plain {
		fmt.Printf("  %-5s %s\n", t.name, t.probe(b.work, b.bundles))
	}
	rows := []*row{
		b.one(newRow("run true, scope with limits", "≤ 0.80× crun --systemd-cgroup"), scoped, run, "bench-scope", b.bundles.trueLimited),
		b.one(newRow("run true, no cgroup", "≤ 0.60× crun --cgroup-manager=disabled"), plain, run, "bench-plain", b.bundles.trueFull),
	}
	rows = append(rows, b.execIn(plain, "exec true, no cgroup", b.bundles.waitFull))
	printTimes(os.Stdout, rows, plain)
	b.printStages(os.Stdout, urun, root, b.bundles.trueLimited)
	b.printStages(os.Stdout, urun, root, b.bundles.trueFull)
	return nil
}

// execIn measures exec in a container of each tool's own.
func (b *bench) execIn(tools []*tool, name, bundle string) *row {
	const id = "bench-exec"
	for _, t := range tools {
		_, _ = spawn(b.work, t.argv(create, id, bundle)) // what goes wrong shows in what is measured
		_, _ = spawn(b.work, t.argv(start, id, ""))
	}
	r := b.one(newRow(name, "≤ 0.60× crun"), tools, execTrue, id, "")
	for _, t := range tools {
		_, _ = spawn(b.work, t.argv(remove, id, ""))
	}
	return r
}
