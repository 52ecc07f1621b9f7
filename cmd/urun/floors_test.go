package main

import (
	"strings"
	"testing"
)

const module = "github.com/urun/urun/"

// floors is the plan of the house, from the ground up. A package may import those of floors below its own; rooms on
// one floor do not know each other.
func floors() [][]string {
	return [][]string{
		{"pkg/roomy", "pkg/sys", "pkg/idmap", "pkg/copyup", "pkg/seccomp", "pkg/seccomp/gen", "pkg/bus", "pkg/procs", "pkg/companion"},
		{"pkg/program", "pkg/cgroup"},
		{"pkg/step", "pkg/userns", "pkg/state", "pkg/bundle", "pkg/network"},
		{"pkg/plan"},
		{"pkg/sandbox", "pkg/host"},
		{"pkg/container", "pkg/monitor"},
		{"cmd/urun", "cmd/urun-monitor"},
	}
}

// TestFloors walks through the house with go list.
func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, rooms := range floors() {
		for _, room := range rooms {
			floor[room] = i
		}
	}
	for _, line := range goList(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"pkg/...", module+"cmd/...") {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], module)
		here, ok := floor[room]
		if !ok {
			t.Errorf("%s is on no floor: add it to the plan", room)
			continue
		}
		for _, path := range words[1:] {
			other, ours := strings.CutPrefix(path, module)
			there, known := floor[other]
			if ours && known && there >= here {
				t.Errorf("%s (floor %d) imports %s (floor %d)", room, here, other, there)
			}
		}
		checkRoom(t, room, words[1:])
	}
}

// checkRoom holds the rules about single packages.
func checkRoom(t *testing.T, room string, imports []string) {
	for _, path := range imports {
		switch {
		case path == "unsafe" && room != "pkg/sys":
			t.Errorf("%s imports unsafe: pkg/sys is its only home", room)
		case room == "pkg/plan" && (path == "os" || strings.HasPrefix(path, "os/")):
			t.Errorf("pkg/plan imports %s: it decides from its arguments alone", path)
		case strings.Contains(path, "/testing") || path == "testing":
			t.Errorf("%s imports %s outside of its tests", room, path)
		}
	}
}
