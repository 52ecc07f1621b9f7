package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// object is a piece of config.json. The bench changes a few keys and must keep all others as they are.
type object = map[string]any

// bundle is a directory that every runtime is given.
type bundle struct {
	dir, program, ids string
	filtered          bool // with the default filter of system calls
	limited           bool // with limits of memory, CPU and processes
}

// bundles are those that the bench uses.
type bundles struct {
	rootfs                      string
	trueFull, trueOne, waitFull string
	trueFiltered, trueLimited   string
	changes                     []string // what was changed in the config that urun spec wrote, for the reader
}

// makeBundles writes the root file system and three bundles that share it below dir, beginning with the config that
// `urun spec --rootless` writes.
func makeBundles(dir, urun, goarch string) (bundles, error) {
	b := bundles{rootfs: filepath.Join(dir, "rootfs")}
	for _, sub := range []string{"dev", "proc", "sys", "tmp", "etc", "run"} {
		if err := os.MkdirAll(filepath.Join(b.rootfs, sub), 0o755); err != nil {
			return b, err
		}
	}
	if err := writePrograms(b.rootfs, goarch); err != nil {
		return b, err
	}
	for _, want := range []bundle{
		{dir: filepath.Join(dir, "true-filtered"), program: "/true", ids: "full", filtered: true},
		{dir: filepath.Join(dir, "true-limited"), program: "/true", ids: "full", limited: true},
		{dir: filepath.Join(dir, "true-full"), program: "/true", ids: "full"},
		{dir: filepath.Join(dir, "true-one"), program: "/true", ids: "one"},
		{dir: filepath.Join(dir, "wait-full"), program: "/pause", ids: "full"},
	} {
		changes, err := want.write(b.rootfs, urun)
		if err != nil {
			return b, err
		}
		b.changes = changes
	}
	b.trueFull, b.trueOne, b.waitFull = filepath.Join(dir, "true-full"), filepath.Join(dir, "true-one"), filepath.Join(dir, "wait-full")
	b.trueFiltered, b.trueLimited = filepath.Join(dir, "true-filtered"), filepath.Join(dir, "true-limited")
	return b, nil
}

func (b bundle) write(rootfs, urun string) ([]string, error) {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return nil, err
	}
	if _, err := spawn(b.dir, []string{urun, "spec", "--rootless", "--bundle", b.dir}); err != nil {
		return nil, err
	}
	path := filepath.Join(b.dir, "config.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config := object{}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	changes := adapt(config)
	if !b.filtered {
		delete(section(config, "linux"), "seccomp")
		changes = append(changes, "no seccomp but where it says so")
	}
	if b.limited {
		section(config, "linux")["resources"] = object{
			"memory": object{"limit": 64 << 20}, "cpu": object{"quota": 50000, "period": 100000}, "pids": object{"limit": 50},
		}
	}
	config["root"] = object{"path": rootfs}
	process := section(config, "process")
	process["args"], process["terminal"] = []string{b.program}, false
	if err := b.mapIDs(section(config, "linux")); err != nil {
		return nil, err
	}
	if b.ids != "full" {
		dropGroups(config)
		changes = append(changes, "no gid= option with one id")
	}
	raw, err = json.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, err
	}
	return changes, os.WriteFile(path, raw, 0o644)
}

// section returns an object inside config, made if it was not there.
func section(config object, key string) object {
	inner, ok := config[key].(object)
	if !ok {
		inner = object{}
		config[key] = inner
	}
	return inner
}

// adapt takes out of a config what Debian's runc 1.1 and crun 1.8 do not know or refuse without root on some hosts,
// so that all are measured at the same work. It says what it took.
func adapt(config object) []string {
	changes := []string{"ociVersion 1.0.2"}
	config["ociVersion"] = "1.0.2"
	linux := section(config, "linux")
	linux["namespaces"] = without(linux["namespaces"], "namespace", &changes, "cgroup", "time")
	config["mounts"] = without(config["mounts"], "mount", &changes, "cgroup", "cgroup2")
	return changes
}

// dropGroups takes gid= out of the options of all mounts: with one id mapped runc refuses it (urun leaves it out by itself).
func dropGroups(config object) {
	mounts, _ := config["mounts"].([]any)
	for _, m := range mounts {
		mount, _ := m.(object)
		options, _ := mount["options"].([]any)
		kept := []any{}
		for _, o := range options {
			if text, _ := o.(string); !strings.HasPrefix(text, "gid=") {
				kept = append(kept, o)
			}
		}
		mount["options"] = kept
	}
}

// without returns a list of objects less those of the given types, and notes them; what says what they are.
func without(list any, what string, changes *[]string, types ...string) []any {
	items, _ := list.([]any)
	var kept []any
next:
	for _, item := range items {
		fields, _ := item.(object)
		for _, gone := range types {
			if fields["type"] == gone {
				*changes = append(*changes, "no "+gone+" "+what)
				continue next
			}
		}
		kept = append(kept, item)
	}
	return kept
}
