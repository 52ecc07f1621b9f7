package cgroup

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// walker goes through the cgroups below one, from the bottom up, with one descriptor however deep they are: whoever owns
// a container's cgroup may nest thousands.
type walker struct {
	fd     int
	names  []string   // of the cgroups from the first below to fd
	unseen [][]string // children that are still to be entered, for each level
}

// walk calls enter for d and each cgroup below it, and leave, with the cgroup above and the name, when all below it have
// been left. Cgroups that vanish meanwhile are passed over.
func (d *Dir) walk(enter func(fd int) error, leave func(above int, name string) error) error {
	w := &walker{}
	if err := w.down(d.fd, ".", enter); err != nil {
		return fmt.Errorf("cgroup %s: %w", d.path, err)
	}
	defer func() { unix.Close(w.fd) }()
	for {
		top := len(w.unseen) - 1
		if n := len(w.unseen[top]); n > 0 {
			name := w.unseen[top][n-1]
			w.unseen[top] = w.unseen[top][:n-1]
			above := w.fd
			if err := w.down(above, name, enter); err != nil {
				if err == unix.ENOENT || err == unix.ENODEV {
					continue
				}
				return fmt.Errorf("cgroup %s: below %s: %w", d.path, name, err)
			}
			w.names = append(w.names, name)
			unix.Close(above)
			continue
		}
		if top == 0 {
			return nil
		}
		if err := w.up(leave); err != nil {
			return fmt.Errorf("cgroup %s: below: %w", d.path, err)
		}
	}
}

// down enters one cgroup, and changes nothing of w on an error.
func (w *walker) down(at int, name string, enter func(int) error) error {
	fd, err := again(func() (int, error) { return unix.Openat(at, name, dirFlags, 0) })
	if err != nil {
		return err
	}
	if enter != nil {
		if err = enter(fd); err != nil {
			unix.Close(fd)
			return err
		}
	}
	children, err := childrenAt(fd)
	if err != nil {
		unix.Close(fd)
		return err
	}
	w.fd = fd
	w.unseen = append(w.unseen, children)
	return nil
}

// up leaves a cgroup. There is no rename in a cgroup v2 hierarchy, so that .. is where we came from.
func (w *walker) up(leave func(int, string) error) error {
	above, err := again(func() (int, error) { return unix.Openat(w.fd, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return err
	}
	unix.Close(w.fd)
	last := len(w.names) - 1
	name := w.names[last]
	w.fd, w.names, w.unseen = above, w.names[:last], w.unseen[:last+1]
	if leave == nil {
		return nil
	}
	return leave(above, name)
}

// childrenAt lists the cgroups in one, sorted backwards: they are taken from the end.
func childrenAt(at int) ([]string, error) {
	fd, err := again(func() (int, error) {
		return unix.Openat(at, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var children []string
	buf := make([]byte, 16<<10)
	for {
		n, err := again(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			slices.Sort(children)
			slices.Reverse(children)
			return children, nil
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if isDir(fd, name) {
				children = append(children, name)
			}
		}
	}
}

func isDir(at int, name string) bool {
	var st unix.Stat_t
	err := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}
