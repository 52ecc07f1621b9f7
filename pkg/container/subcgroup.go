package container

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/cgroup"
	"github.com/urun/urun/pkg/state"
)

// subCgroup reads `exec --cgroup`, a path of a cgroup below the container's, as the container sees it, and says where that is below
// the scope. It has to be there already. runc's form CONTROLLERS:PATH is for cgroup v1, where each has a tree of its own.
func subCgroup(rec state.Record, flag string) (string, error) {
	leaf := ""
	if rec.Cgroup != nil {
		leaf = rec.Cgroup.Leaf
	}
	if flag == "" {
		return leaf, nil
	}
	if rec.Cgroup == nil {
		return "", errors.New("--cgroup: the container has no cgroup of its own")
	}
	controllers, sub, ok := strings.Cut(flag, ":")
	if !ok {
		controllers, sub = "", flag
	}
	if controllers != "" {
		return "", fmt.Errorf("--cgroup %q: in cgroup v2 all controllers have one tree; leave out %q", flag, controllers+":")
	}
	for part := range strings.SplitSeq(sub, "/") {
		if part == ".." {
			return "", fmt.Errorf("--cgroup %q: a path with .. could lead out of the container's cgroup", flag)
		}
	}
	sub = path.Join(leaf, sub)
	d, err := cgroup.Open(path.Join(rec.Cgroup.Path, sub))
	if errors.Is(err, unix.ENOENT) {
		return "", fmt.Errorf("--cgroup %q: there is no such cgroup below the container's", flag)
	}
	if err != nil {
		return "", fmt.Errorf("--cgroup %q: %w", flag, err)
	}
	return sub, d.Close()
}
