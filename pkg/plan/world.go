package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// defaultDevices are those that every container has (config-linux.md, "Default Devices"); console and ptmx come with the
// terminal and with devpts.
var defaultDevices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// defaultDevice says that the container has this device whatever the config says.
func defaultDevice(p string) bool { return slices.Contains(defaultDevices, path.Clean(p)) }

// devices emits the device nodes and symlinks of /dev. Where the config shows the host's /dev they are there, and nothing is made.
func (c *compiler) devices() error {
	if err := c.deviceRules(); err != nil {
		return err
	}
	if c.showsDev() {
		return c.moreDevices(true)
	}
	for _, d := range defaultDevices {
		c.add(step.Device{Source: d, Dest: d})
	}
	if err := c.moreDevices(false); err != nil {
		return err
	}
	for _, l := range [][2]string{
		{"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
		{"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"},
	} {
		c.add(step.Symlink{Target: l[0], Path: l[1]})
	}
	return nil
}

// showsDev says that /dev is a bind mount.
func (c *compiler) showsDev() bool {
	return slices.ContainsFunc(c.spec.Mounts, func(m specs.Mount) bool {
		return path.Clean(m.Destination) == "/dev" && (m.Type == "bind" || slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind"))
	})
}

// moreDevices emits those that the config asks for beside the default ones; shown says that the host's /dev is the container's.
func (c *compiler) moreDevices(shown bool) error {
	for i, d := range c.spec.Linux.Devices {
		at := fmt.Sprintf("linux.devices[%d]", i)
		if err := checkPath(at+".path", d.Path); err != nil {
			return err
		}
		file := path.Clean(d.Path)
		switch {
		case d.FileMode != nil && *d.FileMode > 0o177777: // mode_t, with the kind of file, as some engines write it
			return fmt.Errorf("%s.fileMode: %d is not in 0…%d", at, *d.FileMode, 0o177777)
		case file == "/":
			return fmt.Errorf("%s.path: / is the container's root itself", at)
		case d.Type == "p":
			c.add(fifo(file, d))
		case !slices.Contains([]string{"c", "b", "u"}, d.Type):
			return fmt.Errorf("%s.type: %q is not c, b, u or p", at, d.Type)
		case defaultDevice(file), shown && strings.HasPrefix(file, "/dev/"):
		default:
			c.add(step.Device{Source: file, Dest: file})
		}
	}
	return nil
}

// fifo is the one kind of "device" that an ordinary user can make.
func fifo(file string, d specs.LinuxDevice) step.Fifo {
	f := step.Fifo{Path: file, Mode: 0o666}
	if d.FileMode != nil {
		f.Mode = uint32(d.FileMode.Perm())
	}
	if d.UID != nil {
		f.UID = *d.UID
	}
	if d.GID != nil {
		f.GID = *d.GID
	}
	return f
}

// names emits what gives the container a name and a way to talk to itself.
func (c *compiler) names() error {
	if c.plan.Birth.Own&unix.CLONE_NEWNET != 0 && !c.joined(unix.CLONE_NEWNET) {
		c.add(step.Loopback{})
	}
	for _, n := range []struct {
		key, value string
		s          step.Step
	}{
		{"hostname", c.spec.Hostname, step.Hostname{Name: c.spec.Hostname}},
		{"domainname", c.spec.Domainname, step.Domainname{Name: c.spec.Domainname}},
	} {
		if n.value == "" {
			continue
		}
		if !c.own(unix.CLONE_NEWUTS) {
			return fmt.Errorf("%s: given without a uts namespace: it would be the host's", n.key)
		}
		if len(n.value) > 64 {
			return fmt.Errorf("%s: %d bytes are more than the 64 that the kernel takes", n.key, len(n.value))
		}
		c.add(n.s)
	}
	return nil
}

// joined says that namespace flag is one that existed already.
func (c *compiler) joined(flag uint64) bool {
	return slices.ContainsFunc(c.plan.Birth.Joins, func(j JoinPath) bool { return j.Flag == flag })
}

// namespacedSysctls says by which namespace a kernel parameter is held; a final dot makes a prefix.
var namespacedSysctls = []struct {
	key  string
	flag uint64
}{
	{"net.", unix.CLONE_NEWNET},
	{"fs.mqueue.", unix.CLONE_NEWIPC},
	{"kernel.msgmax", unix.CLONE_NEWIPC}, {"kernel.msgmnb", unix.CLONE_NEWIPC}, {"kernel.msgmni", unix.CLONE_NEWIPC},
	{"kernel.sem", unix.CLONE_NEWIPC}, {"kernel.shmall", unix.CLONE_NEWIPC}, {"kernel.shmmax", unix.CLONE_NEWIPC},
	{"kernel.shmmni", unix.CLONE_NEWIPC}, {"kernel.shm_rmid_forced", unix.CLONE_NEWIPC},
	{"kernel.hostname", unix.CLONE_NEWUTS}, {"kernel.domainname", unix.CLONE_NEWUTS},
	{"user.", unix.CLONE_NEWUSER},
}

// sysctls emits the kernel parameters in a fixed order. Only those of the container's own namespaces can be set.
func (c *compiler) sysctls() error {
	keys := make([]string, 0, len(c.spec.Linux.Sysctl))
	for k := range c.spec.Linux.Sysctl {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := c.sysctlAllowed(k); err != nil {
			return err
		}
		s, err := c.sysctl(k, c.spec.Linux.Sysctl[k])
		if err != nil {
			return err
		}
		c.add(s)
	}
	return nil
}

func (c *compiler) sysctlAllowed(key string) error {
	file := step.Sysctl{Key: key}.Path()
	if file != path.Clean(file) || strings.ContainsRune(file, 0) {
		return fmt.Errorf("linux.sysctl: %q is not the name of a kernel parameter", key)
	}
	dotted := strings.ReplaceAll(strings.TrimPrefix(file, "/proc/sys/"), "/", ".")
	for _, n := range namespacedSysctls {
		if dotted == n.key || strings.HasSuffix(n.key, ".") && strings.HasPrefix(dotted, n.key) {
			if !c.own(n.flag) {
				return fmt.Errorf("linux.sysctl: %s: it would be the host's: the container has no namespace of its own for it", key)
			}
			return nil
		}
	}
	return fmt.Errorf("linux.sysctl: %s: the kernel holds it once for all, an ordinary user cannot set it", key)
}
