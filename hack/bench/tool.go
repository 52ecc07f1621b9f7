package main

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// A verb is one thing that each tool can be told, in its own words.
type verb int

const (
	version verb = iota
	run
	create
	start
	execTrue
	remove
	state
	list
)

// tool is one of the programs to compare.
type tool struct {
	name    string
	refused string // what it said when it would not run a container here; empty when it did

	// argv spells a verb; bundle is a directory for run and create. nil: this tool has no such thing.
	argv func(v verb, id, bundle string) []string
}

// ociRuntime is a tool that speaks runc's language.
func ociRuntime(name, path, root string, flags ...string) *tool {
	return &tool{name: name, argv: func(v verb, id, bundle string) []string {
		command := append([]string{path, "--root", root}, flags...)
		switch v {
		case version:
			return []string{path, "--version"}
		case run:
			return append(command, "run", "--bundle", bundle, id)
		case create:
			return append(command, "create", "--bundle", bundle, id)
		case start:
			return append(command, "start", id)
		case execTrue:
			return append(command, "exec", id, "/true")
		case remove:
			return append(command, "delete", "--force", id)
		case state:
			return append(command, "state", id)
		}
		return append(command, "list")
	}}
}

// podman is measured as `podman run --rootfs` without a network of its own, which is as near to a runtime's work as it
// comes. It knows no bundles and no single-id map.
func podman(path, dir, rootfs string, b bundles) *tool {
	command := []string{path, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"),
		"--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", podmanRuntime()}
	say := func(words ...string) []string { return append(append([]string{}, command...), words...) }
	container := []string{"--network", "none", "--log-driver", "none", "--rootfs", rootfs}
	return &tool{name: "podman", argv: func(v verb, id, bundle string) []string {
		switch {
		case v == version:
			return []string{path, "--version"}
		case v == run && bundle == b.trueFull:
			return append(say(append([]string{"run", "--rm"}, container...)...), "/true")
		case v == create:
			return append(say(append([]string{"create", "--name", id}, container...)...), "/pause")
		case v == start:
			return say("start", id)
		case v == execTrue:
			return say("exec", id, "/true")
		case v == remove:
			return say("rm", "--force", "--time", "0", id)
		case v == state:
			return say("inspect", id)
		case v == list:
			return say("ps", "--all")
		}
		return nil
	}}
}

// podmanRuntime: podman prefers crun, but Debian's crun runs nothing where cgroup v1 and v2 are mixed.
func podmanRuntime() string {
	if path, err := exec.LookPath("runc"); err == nil {
		return path
	}
	return "crun"
}

// probe finds out whether the tool runs containers here, and in which version it came.
func (t *tool) probe(dir string, b bundles) string {
	if _, err := spawn(dir, t.argv(run, "bench-probe", b.trueFull)); err != nil {
		_, said, _ := strings.Cut(err.Error(), "exit status ")
		_, t.refused, _ = strings.Cut(said, ": ")
	}
	out, err := spawn(dir, t.argv(version, "", ""))
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(out.output), "\n")
	return strings.TrimSpace(first)
}

// findTool looks where an ordinary user's PATH may not.
func findTool(name string) string {
	for _, dir := range []string{"", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	return ""
}
