package test

import (
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func fileSystem(kind, dest string) specs.Mount {
	return specs.Mount{Destination: dest, Type: kind, Source: kind}
}

// TestProcOfACallerWhoseOwnIsMasked: the kernel gives no new proc that would show more than the caller's. What there is instead is
// told with its code, and hides as much.
func TestProcOfACallerWhoseOwnIsMasked(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("type /proc/1 -- mounts /proc"))
	c.wrap = inNamespace("mount -t tmpfs tmpfs /proc/driver")
	r := c.urun("run", "-b", dir, c.id).exits(0).mentions("dir", "type=proc")
	if !strings.Contains(r.stderr, "URUN-PROC-001") { // that one, of processes alone, there is from Linux 7.2 on
		r.complains("URUN-PROC-002", "proc on /proc", "systempaths=unconfined")
	}
	c.flags = []string{"--strict"}
	c.urun("run", "-b", dir, c.id).refuses(1, "URUN-PROC-00")
	c.nothingLeft()
}

// TestSysOfACallerWhoseOwnIsMasked: it is the caller's, read-only, and with the mask.
func TestSysOfACallerWhoseOwnIsMasked(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("mounts /sys -- ls /sys/kernel -- exists /sys/class/net"))
	c.wrap = inNamespace("mount -t tmpfs tmpfs /sys/kernel")
	r := c.urun("run", "-b", dir, c.id).exits(0)
	lines := strings.Split(r.stdout, "\n")
	wants(t, lineOf(t, result{stdout: lines[0]}).options, "ro")
	if lines[1] != "" {
		t.Errorf("the mask is gone: /sys/kernel has %s", lines[1])
	}
	c.nothingLeft()
}

// TestFileSystemsOfTheHostsNamespaces: where the container shares the host's ipc or network namespace, mqueue and sysfs are the
// host's, if the host has any.
func TestFileSystemsOfTheHostsNamespaces(t *testing.T) {
	c := newCaller(t)
	if strings.Contains(readFile(t, "/proc/self/mountinfo"), " /dev/mqueue ") {
		c.run(withoutNamespace(specs.IPCNamespace), inside("mounts /dev/mqueue")).exits(0).mentions("type=mqueue ").silent()
	} else {
		c.run(withoutNamespace(specs.IPCNamespace), inside("ls /dev/mqueue")).exits(0).prints("").complains("URUN-MNT-005", "mqueue on /dev/mqueue: an empty directory")
	}
	r := c.run(withoutNamespace(specs.NetworkNamespace), inside("mounts /sys")).exits(0).mentions("type=sysfs ").silent()
	wants(t, lineOf(t, r).options, "ro")
}

// TestCgroupMount: without version 2, or without a namespace for it, nothing of the host's cgroups is shown, and that is told.
func TestCgroupMount(t *testing.T) {
	c := newCaller(t)
	mount := mounted(fileSystem("cgroup", "/cgroups"))
	c.run(mount, withoutNamespace(specs.CgroupNamespace), inside("ls /cgroups -- mounts /cgroups")).exits(0).
		mentions("type=tmpfs").complains("URUN-CG-002", "cgroups on /cgroups: an empty directory")
	c.run(mount, withoutNamespace(specs.CgroupNamespace), inside("write /cgroups/x y")).exits(1).complains("read-only file system")
	r := c.run(mount, namespace(specs.CgroupNamespace, ""), inside("mounts /cgroups -- ls /cgroups"))
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		r.exits(0).mentions("type=cgroup2", "cgroup.procs").silent()
	} else {
		r.exits(0).mentions("type=tmpfs").complains("URUN-CG-002")
	}
}

// TestDeviceRules: rules about devices need no cgroup where no device can be made: what is not bound in cannot be had.
func TestDeviceRules(t *testing.T) {
	none := func(s *specs.Spec) {
		s.Linux.Resources = &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	}
	newCaller(t).run(none, inside("write /dev/null x -- mknod /dev/sda")).exits(1).complains("/dev/sda", "operation not permitted")
	newCaller(t).run(none, inside("print ok")).exits(0).prints("ok").silent()
	ptmx := device(specs.LinuxDevice{Path: "/dev/ptmx", Type: "c", Major: 5, Minor: 2})
	newCaller(t).run(none, ptmx, withoutMount("/dev/pts"), inside("print ok")).exits(0).complains("URUN-CG-010", `"" of linux.devices[0]: /dev/ptmx`)
}
