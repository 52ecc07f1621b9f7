package plan

import (
	"path"
	"slices"
	"strings"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/step"
)

// networkEarly says that the container has to wait for its network before it takes its root: later it cannot be entered by the
// caller, because it has joined namespaces in which others live, or was born twice.
func (c *compiler) networkEarly() bool {
	return len(c.plan.Birth.Joins) > 0 || len(c.spec.Linux.TimeOffsets) > 0
}

// networkUp lets the container wait when its mounts are done: urun-monitor works at the same time.
func (c *compiler) networkUp() error {
	if !c.networkEarly() {
		c.awaitNetwork()
	}
	return nil
}

// awaitNetwork lets the container wait until it has its network. Its namespaces must be open to the caller for that.
func (c *compiler) awaitNetwork() {
	if c.plan.Network == nil || c.plan.Network.Duty == nil {
		return
	}
	c.plan.Network.Duty.Network.User = c.own(unix.CLONE_NEWUSER)
	call := step.CallOut{Number: NetworkCall, Name: "network"}
	if len(c.plan.Birth.Joins) == 0 {
		c.add(call)
		return
	}
	c.add(step.Dumpable{}, call, step.Undumpable{})
}

// networkFiles mounts the generated files of /etc, where the config does not mount its own.
func (c *compiler) networkFiles() error {
	n := c.plan.Network
	if n == nil {
		return nil
	}
	address, resolv := "", ""
	servers := c.wish.DNS
	if network.LeadsOut(n.Mode) {
		address = network.Address
		if len(servers) == 0 {
			servers = []string{network.Nameserver}
		}
	}
	if c.host.Network != nil {
		resolv = c.host.Network.Resolv
	}
	private := n.Mode != network.Host
	if strings.HasPrefix(n.Mode, network.Of) {
		return nil // the other's are mounted
	}
	c.networkFile(len(servers) > 0, "resolv.conf", network.Resolv(servers, resolv))
	c.networkFile(private || len(c.wish.Hosts) > 0, "hosts", network.HostsFile(c.spec.Hostname, address, c.wish.Hosts))
	c.networkFile(private && c.spec.Hostname != "", "hostname", []byte(c.spec.Hostname+"\n"))
	return nil
}

func (c *compiler) networkFile(wanted bool, name string, content []byte) {
	dest := "/etc/" + name
	if !wanted || slices.ContainsFunc(c.spec.Mounts, func(m specs.Mount) bool {
		d := path.Clean(m.Destination)
		return d == dest || d == "/etc"
	}) {
		return
	}
	c.plan.Network.Files = append(c.plan.Network.Files, NetworkFile{Name: name, Content: content})
	noted := c.late(Notice{
		Code: "URUN-NET-002", Want: dest + " as the container's network has it", Got: "the one of the root file system, or none",
		Why: "there is no place in the root file system to mount it on, or the caller's own id is not mapped",
		Fix: "make an empty file etc/" + name + " in the root file system",
	})
	bind := step.Bind{
		Source: path.Join(c.opt.StateDir, name), Dest: dest,
		Attr:      unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC,
		Placeless: noted,
	}
	c.add(step.Optional{Step: bind, On: []syscall.Errno{unix.EACCES, unix.EPERM, unix.EROFS, unix.ENOENT, unix.ENOTDIR}, Noted: noted})
}

// lowPorts lets every user of the container use every port of a network that is its own, as root of the container may anyway.
func (c *compiler) lowPorts() error {
	const key = "net.ipv4.ip_unprivileged_port_start"
	if c.plan.Network == nil || c.plan.Network.Mode == network.Host || strings.HasPrefix(c.plan.Network.Mode, network.Of) {
		return nil
	}
	for k := range c.spec.Linux.Sysctl {
		if strings.ReplaceAll(k, "/", ".") == key {
			return nil
		}
	}
	c.add(step.Optional{Step: step.Sysctl{Key: key, Value: "0"}, On: anyErrno})
	return nil
}
