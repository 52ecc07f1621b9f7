package cgroup

import (
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// root is where all limits stand in a config.
const root = "linux.resources."

// Setting is one value to be written into one file of a cgroup.
type Setting struct {
	File       string // e.g. memory.max
	Value      string // as the kernel takes it, without a newline
	Path       string // the JSON path of what was asked, e.g. linux.resources.memory.limit
	Controller string // that has to be enabled for the file to be there; empty for cgroup.* and *.pressure

	// Optional says that without the file all is as it was asked: where a kernel has no swap accounting, there is no
	// swap to be limited.
	Optional bool

	// AnyOf names a group of settings of which one has to find its file; the others may miss theirs. The weight of I/O
	// has a file for each of two schedulers.
	AnyOf string

	// NotBelow names a file with a number. The value is not written when it is smaller (memory.checkBeforeUpdate).
	NotBelow string
}

// String renders the setting as it is printed in a plan.
func (s Setting) String() string { return s.File + " " + s.Value }

// Lifts says whether no limit is what the setting asks for.
func (s Setting) Lifts() bool {
	switch s.File {
	case "cpu.max":
		return s.Value == "max" || strings.HasPrefix(s.Value, "max ")
	case "cpu.idle", "cpu.max.burst":
		return s.Value == "0"
	case "io.max":
		return strings.HasSuffix(s.Value, "=max")
	}
	return s.Value == "max"
}

// Notice tells of something asked that is not held in full. It converts to plan.Notice as it is.
type Notice struct {
	Code string `json:"code"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Why  string `json:"why,omitempty"`
	Fix  string `json:"fix,omitempty"`
}

// list gathers what Settings decides.
type list struct {
	settings []Setting
	notices  []Notice
}

// set adds a setting; path is below linux.resources.
func (l *list) set(path, file, value string) *Setting {
	l.settings = append(l.settings, Setting{
		File: file, Value: value, Path: root + path, Controller: controllerOf(file),
	})
	return &l.settings[len(l.settings)-1]
}

// gone notes a key that only cgroup v1 had.
func (l *list) gone(path, why string) {
	l.notices = append(l.notices, Notice{
		Code: "URUN-CG-011", Want: root + path, Got: "it has no effect",
		Why: why, Fix: "remove it from config.json",
	})
}

// controllerOf tells which controller has to be enabled for a file. Pressure is counted without any.
func controllerOf(file string) string {
	controller, rest, _ := strings.Cut(file, ".")
	if controller == "cgroup" || rest == "pressure" {
		return ""
	}
	return controller
}

// Settings decides what is to be written for the limits of a config, in the order in which it is to be written. What cgroup
// v2 or an ordinary user cannot do and a container can do without is a notice; what makes no sense is an error that
// begins with its JSON path.
//
// Zero means "not set" for memory, cpu and blockIO, as it does for every runtime: clients fill in all keys of `update`
// with zeros. A limit of no process at all (pids.limit 0) is one of the process that is there.
func Settings(r *specs.LinuxResources) ([]Setting, []Notice, error) {
	if r == nil {
		return nil, nil, nil
	}
	l := &list{}
	for _, part := range []func(*specs.LinuxResources) error{
		l.memory, l.cpu, l.cpuset, l.pids, l.io, l.hugepages, l.rdma, l.unified,
	} {
		if err := part(r); err != nil {
			return nil, nil, err
		}
	}
	l.network(r.Network)
	l.devices(r.Devices)
	return l.settings, l.notices, nil
}

// Controllers lists which controllers the settings need, each once, in order of appearance.
func Controllers(settings []Setting) []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, s := range settings {
		if !seen[s.Controller] {
			seen[s.Controller] = true
			names = append(names, s.Controller)
		}
	}
	return names
}
