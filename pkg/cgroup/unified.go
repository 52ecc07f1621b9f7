package cgroup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// core are the files of cgroup.* that limit something; the others steer processes, which is the runtime's work.
var core = []string{"cgroup.max.depth", "cgroup.max.descendants", "cgroup.pressure"}

// unified takes any file of any controller, and wins over what the other keys say by being written last.
func (l *list) unified(r *specs.LinuxResources) error {
	for _, file := range slices.Sorted(maps.Keys(r.Unified)) {
		at := "unified." + file
		if err := checkUnified(file); err != nil {
			return fmt.Errorf("%sunified: %w", root, err)
		}
		value := strings.TrimSpace(r.Unified[file])
		if value == "" || strings.ContainsRune(value, 0) {
			return fmt.Errorf("%s%s: %q is no value", root, at, r.Unified[file])
		}
		// The kernel takes one line at a time; io.max has one for each device.
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				l.set(at, file, line)
			}
		}
	}
	return nil
}

func checkUnified(file string) error {
	controller, rest, dot := strings.Cut(file, ".")
	switch {
	case strings.Contains(file, "/"):
		return fmt.Errorf("%q: a file of the container's own cgroup is named without a slash", file)
	case !dot || controller == "" || rest == "" || strings.ContainsRune(file, 0):
		return fmt.Errorf("%q is not CONTROLLER.PARAMETER, such as memory.high", file)
	case controller == "cgroup" && !slices.Contains(core, file):
		return fmt.Errorf("%q is the runtime's: only %s can be set", file, strings.Join(core, ", "))
	}
	return nil
}
