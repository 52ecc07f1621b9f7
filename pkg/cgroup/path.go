package cgroup

import (
	"errors"
	"fmt"
	"strings"
)

// Unit is linux.cgroupsPath in systemd's form, slice:prefix:name.
type Unit struct {
	Slice string // e.g. app.slice; "-.slice" is the root of the manager's tree
	Name  string // e.g. urun-redis.scope
}

// DefaultSlice holds the containers of a config that names none. It is where systemd.special(7) wants what a user runs.
const DefaultSlice = "app.slice"

// maxUnitName is UNIT_NAME_MAX of systemd.
const maxUnitName = 255

// ParseUnit reads linux.cgroupsPath as slice:prefix:name. An empty path is app.slice:urun:ID; an empty slice is the default,
// and an empty prefix leaves only the name. Errors begin with linux.cgroupsPath.
func ParseUnit(path, id string) (Unit, error) {
	u, err := parseUnit(path, id)
	if err != nil {
		return Unit{}, fmt.Errorf("linux.cgroupsPath: %q: %w", path, err)
	}
	return u, nil
}

// IsUnit tells the two forms of linux.cgroupsPath from each other, for whoever was not told which one to expect.
func IsUnit(path string) bool { return !strings.Contains(path, "/") && strings.Count(path, ":") == 2 }

func parseUnit(path, id string) (Unit, error) {
	if path == "" {
		path = ":urun:" + id
	}
	parts := strings.Split(path, ":")
	if len(parts) != 3 {
		return Unit{}, errors.New("a unit of systemd is named SLICE:PREFIX:NAME, as in app.slice:urun:redis")
	}
	slice, prefix, name := parts[0], parts[1], parts[2]
	if slice == "" {
		slice = DefaultSlice
	}
	if _, err := ExpandSlice(slice); err != nil {
		return Unit{}, err
	}
	if name == "" {
		return Unit{}, errors.New("the name is empty")
	}
	if strings.HasSuffix(name, ".slice") {
		return Unit{}, errors.New("a slice holds units and no processes: urun makes a scope, named without a suffix")
	}
	name = strings.TrimSuffix(name, ".scope")
	if prefix != "" {
		name = prefix + "-" + name
	}
	if strings.ContainsAny(name, "/\x00") {
		return Unit{}, errors.New("the name of a unit has no slash")
	}
	u := Unit{slice, escape(name) + ".scope"}
	if len(u.Name) > maxUnitName || len(slice) > maxUnitName {
		return Unit{}, fmt.Errorf("the name of a unit has at most %d characters", maxUnitName)
	}
	return u, nil
}

// escape writes what a unit's name cannot hold as \xNN, as systemd-escape(1) does, so that different names stay different.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if isAlnum(c) || c == '_' || c == '-' || c == '.' && i > 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// ExpandSlice gives the path of a slice below its manager: each dash is a level (systemd.slice(5)).
//
//	a-b.slice  is  a.slice/a-b.slice
//	-.slice    is  the empty path
func ExpandSlice(slice string) (string, error) {
	stem, ok := strings.CutSuffix(slice, ".slice")
	if !ok || stem == "" {
		return "", fmt.Errorf("the slice %q does not end with .slice", slice)
	}
	if stem == "-" {
		return "", nil
	}
	for i := range len(stem) {
		if c := stem[i]; !isAlnum(c) && !strings.ContainsRune(`_-.\:`, rune(c)) {
			return "", fmt.Errorf("the slice %q holds a character that no unit has", slice)
		}
	}
	var path []string
	for i := range len(stem) {
		if stem[i] == '-' {
			path = append(path, stem[:i]+".slice")
		}
	}
	path = append(path, slice)
	for _, part := range strings.Split(stem, "-") {
		if part == "" {
			return "", fmt.Errorf("the slice %q has a dash with nothing on one side", slice)
		}
	}
	return strings.Join(path, "/"), nil
}

// Resolve says where linux.cgroupsPath in its form of a path leads, below own, which is the absolute path (in the hierarchy)
// of the cgroup that is ours. A relative path begins there; an absolute one must lead there, for the rest of the tree is
// somebody else's. The answer is relative to own, without a slash at its ends. An empty path is urun-ID.
func Resolve(path, own, id string) (string, error) {
	if path == "" {
		return "urun-" + id, nil
	}
	rel, err := resolve(path, own)
	if err != nil {
		return "", fmt.Errorf("linux.cgroupsPath: %q: %w", path, err)
	}
	return rel, nil
}

func resolve(path, own string) (string, error) {
	if strings.ContainsAny(path, "\x00\n") {
		return "", errors.New("is no path")
	}
	parts := elements(path)
	for _, part := range parts {
		if part == ".." {
			return "", errors.New("a path with .. could lead out of the cgroups that are yours")
		}
		if len(part) > 255 {
			return "", errors.New("a part of it is longer than 255 bytes")
		}
	}
	if strings.HasPrefix(path, "/") {
		for _, want := range elements(own) {
			if len(parts) == 0 || parts[0] != want {
				return "", fmt.Errorf("this cgroup belongs to somebody else: yours begin at %s; a path without a slash in front is taken from there", own)
			}
			parts = parts[1:]
		}
	}
	if len(parts) == 0 {
		return "", errors.New("this is the cgroup that urun itself is in; a container needs one of its own below")
	}
	return strings.Join(parts, "/"), nil
}

// elements splits a path, without those that go nowhere.
func elements(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}
