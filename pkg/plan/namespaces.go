package plan

import (
	"errors"
	"fmt"
	"path"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// NamespaceFlag returns the CLONE_NEW* flag of a namespace type of the spec, 0 for an unknown one.
func NamespaceFlag(t specs.LinuxNamespaceType) uint64 {
	for _, n := range namespaceTypes {
		if n.name == t {
			return n.flag
		}
	}
	return 0
}

// NamespaceTypes lists the namespace types that urun knows, for the features document.
func NamespaceTypes() []string {
	list := make([]string, len(namespaceTypes))
	for i, n := range namespaceTypes {
		list[i] = string(n.name)
	}
	return list
}

var namespaceTypes = []struct {
	name specs.LinuxNamespaceType
	flag uint64
}{
	{specs.CgroupNamespace, unix.CLONE_NEWCGROUP},
	{specs.IPCNamespace, unix.CLONE_NEWIPC},
	{specs.MountNamespace, unix.CLONE_NEWNS},
	{specs.NetworkNamespace, unix.CLONE_NEWNET},
	{specs.PIDNamespace, unix.CLONE_NEWPID},
	{specs.TimeNamespace, unix.CLONE_NEWTIME},
	{specs.UserNamespace, unix.CLONE_NEWUSER},
	{specs.UTSNamespace, unix.CLONE_NEWUTS},
}

// namespaces sorts the config's namespaces into new ones and joined ones. A user namespace comes first when it is
// joined, for its capabilities are needed to join the others; when it is new, the others are joined before it is made,
// with the capabilities of the caller.
func (c *compiler) namespaces() error {
	b := &c.plan.Birth
	for i, ns := range c.spec.Linux.Namespaces {
		at := fmt.Sprintf("linux.namespaces[%d]", i)
		flag := NamespaceFlag(ns.Type)
		switch {
		case flag == 0:
			return fmt.Errorf("%s.type: unknown namespace %q", at, ns.Type)
		case b.Own&flag != 0:
			return fmt.Errorf("%s: %s namespace given twice", at, ns.Type)
		case ns.Path != "" && !path.IsAbs(ns.Path):
			return fmt.Errorf("%s.path: %q is not an absolute path", at, ns.Path)
		}
		b.Own |= flag
		if ns.Path == "" {
			b.Flags |= flag
			continue
		}
		join := JoinPath{flag, ns.Path, fmt.Sprintf("ns%d", i)}
		if flag == unix.CLONE_NEWUSER {
			b.Joins = append([]JoinPath{join}, b.Joins...)
		} else {
			b.Joins = append(b.Joins, join)
		}
	}
	if !c.own(unix.CLONE_NEWNS) {
		return errors.New("linux.namespaces: a mount namespace is missing: without one the container's mounts would be the host's")
	}
	if !c.own(unix.CLONE_NEWPID) {
		c.note(Notice{
			Code: "URUN-NS-002", Want: "linux.namespaces has no pid namespace", Got: "the container sees and can signal the caller's processes",
			Fix: `add {"type": "pid"}`,
		})
	}
	return c.userNamespace()
}

// userNamespace adds the user namespace that an ordinary user cannot do without. An engine that already made one for
// its containers, and is root in it, means what its config says.
func (c *compiler) userNamespace() error {
	if c.own(unix.CLONE_NEWUSER) || c.host.Nested && c.host.SysAdmin {
		return nil
	}
	c.plan.Birth.Own |= unix.CLONE_NEWUSER
	c.plan.Birth.Flags |= unix.CLONE_NEWUSER
	c.note(Notice{
		Code: "URUN-NS-001", Want: "linux.namespaces has no user namespace", Got: "one was added",
		Why: "without root nothing else can be had without it", Fix: `add {"type": "user"}`,
	})
	return nil
}
