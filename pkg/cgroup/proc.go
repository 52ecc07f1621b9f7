package cgroup

import (
	"fmt"
	"strconv"
	"strings"
)

// Layout is how a host mounts its cgroups.
type Layout string

const (
	Unified Layout = "unified" // v2 alone
	Hybrid  Layout = "hybrid"  // v2 beside v1, which has the controllers
	Legacy  Layout = "legacy"  // v1 alone
	None    Layout = "none"    // no hierarchy at all
)

// Membership is what /proc/PID/cgroup says (cgroups(7)).
type Membership struct {
	Layout  Layout
	Unified string            // path in the v2 hierarchy, as seen from our cgroup namespace; empty without v2
	Deleted bool              // the v2 cgroup has been removed since
	V1      map[string]string // path by controller, or by name=… of a hierarchy without controllers
}

// ParseProc reads the content of /proc/PID/cgroup: lines of ID:CONTROLLERS:PATH. A path may hold colons, and end in
// " (deleted)". An empty content is a kernel without cgroups.
func ParseProc(content string) (Membership, error) {
	m := Membership{Layout: None, V1: map[string]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		if line == "" {
			continue
		}
		id, rest, ok := strings.Cut(line, ":")
		controllers, path, ok2 := strings.Cut(rest, ":")
		if _, err := strconv.ParseUint(id, 10, 31); err != nil || !ok || !ok2 || !strings.HasPrefix(path, "/") {
			return Membership{}, fmt.Errorf("line %d of /proc/PID/cgroup: %q is not ID:CONTROLLERS:PATH", i+1, line)
		}
		if id == "0" && controllers == "" {
			m.Unified, m.Deleted = strings.CutSuffix(path, " (deleted)")
			continue
		}
		for controller := range strings.SplitSeq(controllers, ",") {
			m.V1[controller] = path
		}
	}
	m.Layout = layout(m)
	return m, nil
}

func layout(m Membership) Layout {
	switch {
	case m.Unified != "" && len(m.V1) == 0:
		return Unified
	case m.Unified != "":
		return Hybrid
	case len(m.V1) > 0:
		return Legacy
	}
	return None
}

// Mount is one place where the v2 hierarchy is mounted.
type Mount struct {
	Root  string // the cgroup that is seen there, as a path in the hierarchy
	Point string
}

// ParseMounts finds the mounts of cgroup v2 in the content of /proc/self/mountinfo (proc_pid_mountinfo(5)), the last one
// first: it is the one that is seen where two are stacked.
func ParseMounts(content string) []Mount {
	var mounts []Mount
	for line := range strings.SplitSeq(content, "\n") {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 6 || !strings.HasPrefix(after, "cgroup2 ") {
			continue
		}
		mounts = append([]Mount{{Root: unoctal(fields[3]), Point: unoctal(fields[4])}}, mounts...)
	}
	return mounts
}

// unoctal reads \040 and its like, which mountinfo writes for blanks and backslashes.
func unoctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Locate finds the directory of the cgroup path in one of the mounts; false when none shows it. A path with .. lies
// outside of our cgroup namespace.
func Locate(mounts []Mount, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	parts := elements(path)
	for _, part := range parts {
		if part == ".." {
			return "", false
		}
	}
	for _, m := range mounts {
		if rest, ok := below(parts, elements(m.Root)); ok {
			return strings.Join(append([]string{strings.TrimSuffix(m.Point, "/")}, rest...), "/"), true
		}
	}
	return "", false
}

func below(parts, root []string) ([]string, bool) {
	if len(parts) < len(root) {
		return nil, false
	}
	for i := range root {
		if parts[i] != root[i] {
			return nil, false
		}
	}
	return parts[len(root):], true
}
