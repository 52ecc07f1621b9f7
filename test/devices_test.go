package test

import (
	"os"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func device(d specs.LinuxDevice) change {
	return func(s *specs.Spec) { s.Linux.Devices = append(s.Linux.Devices, d) }
}

// TestDevices: the host's node is the one that was asked for, or none is had.
func TestDevices(t *testing.T) {
	c := newCaller(t)
	fi, err := os.Stat("/dev/ptmx")
	if err != nil {
		t.Fatal(err)
	}
	mode, other := fi.Mode().Perm(), os.FileMode(0o123)
	ptmx := specs.LinuxDevice{Path: "/dev/pts/../ptmx", Type: "u", Major: 5, Minor: 2, FileMode: &mode}
	c.run(device(ptmx), withoutMount("/dev/pts"), inside("device /dev/ptmx -- owner /dev/ptmx")).exits(0).prints("5:2", "65534:65534").silent()
	ptmx.FileMode = &other
	c.run(device(ptmx), withoutMount("/dev/pts"), inside("device /dev/ptmx")).exits(0).prints("5:2").complains("URUN-DEV-001", "linux.devices[0].fileMode 0123")
	c.flags = []string{"--strict"}
	c.refused(c.bundle(device(ptmx)), "URUN-DEV-001")
	c.flags = nil
	c.refused(c.bundle(device(specs.LinuxDevice{Path: "/dev/ptmx", Type: "c", Major: 1, Minor: 3})), "linux.devices[0]: /dev/ptmx of the host is c 5:2, not c 1:3")
	c.refused(c.bundle(device(specs.LinuxDevice{Path: "/dev/urun-none", Type: "c", Major: 1, Minor: 3})), "linux.devices[0].path: the host has no /dev/urun-none")
	c.refused(c.bundle(device(specs.LinuxDevice{Path: "/etc/passwd", Type: "b", Major: 8})), "linux.devices[0]: /etc/passwd of the host is no device, not b 8:0")
	c.run(device(specs.LinuxDevice{Path: "/dev/null", Type: "c", Major: 1, Minor: 3}), inside("device /dev/null")).exits(0).prints("1:3").silent()
	c.refused(c.bundle(device(specs.LinuxDevice{Path: "/dev/null", Type: "c", Major: 1, Minor: 5})), "linux.devices[0]: /dev/null of the host is c 1:3, not c 1:5")
}

// TestDevicesBesideTheHostsDev: what the config asks for elsewhere is there too, and what is wrong is still refused.
func TestDevicesBesideTheHostsDev(t *testing.T) {
	c := newCaller(t)
	dev := func(s *specs.Spec) {
		withoutMount("/dev/pts")(s)
		withoutMount("/dev/shm")(s)
		withoutMount("/dev/mqueue")(s)
		withoutMount("/dev")(s)
		s.Mounts = append(s.Mounts, bind("/dev", "/dev", "rbind"))
	}
	null := specs.LinuxDevice{Path: "/dev/null", Type: "c", Major: 1, Minor: 3}
	c.run(dev, device(null), inside("device /dev/null")).exits(0).prints("1:3")
	c.run(dev, device(specs.LinuxDevice{Path: "/pipe", Type: "p"}), inside("type /pipe")).exits(0).prints("fifo")
	c.refused(c.bundle(dev, device(specs.LinuxDevice{Path: "null", Type: "c"})), `linux.devices[0].path: "null"`)
}

// TestFifo: an ordinary user can make one, so the container has it, with its owner and its rights.
func TestFifo(t *testing.T) {
	c := newCaller(t)
	mode, uid, gid := os.FileMode(0o620), uint32(7), uint32(8)
	pipe := specs.LinuxDevice{Path: "/dev/pipe", Type: "p", FileMode: &mode, UID: &uid, GID: &gid}
	c.run(device(pipe), inside("type /dev/pipe -- mode /dev/pipe -- owner /dev/pipe")).exits(0).prints("fifo", "0620", "7:8").silent()
	pipe.Path = "/bin/pipe" // which is there when the container runs again
	dir := c.bundle(device(pipe), inside("type /bin/pipe"))
	for range 2 {
		c.urun("run", "-b", dir, c.id).exits(0).prints("fifo").silent()
	}
	pipe.Path = "/bin/inside"
	c.refused(c.bundle(device(pipe)), "fifo /bin/inside", "there is something else of that name")
	pipe.Path, uid = "/dev/pipe", 4294900000
	c.refused(c.bundle(device(pipe)), "fifo /dev/pipe", "an owner that is not mapped")
}

// TestADeviceThatCannotBeOpened: it is there, and it is told that it will not serve.
func TestADeviceThatCannotBeOpened(t *testing.T) {
	c := newCaller(t)
	var closed specs.LinuxDevice
	for _, path := range []string{"/dev/mem", "/dev/kmsg", "/dev/loop-control", "/dev/vda", "/dev/sda", "/dev/hda", "/dev/nvme0", "/dev/console", "/dev/tty0"} {
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil && unix.Access(path, unix.R_OK) != nil && unix.Access(path, unix.W_OK) != nil {
			closed = specs.LinuxDevice{Path: path, Type: "c", Major: int64(unix.Major(uint64(st.Rdev))), Minor: int64(unix.Minor(uint64(st.Rdev)))}
			if st.Mode&unix.S_IFMT == unix.S_IFBLK {
				closed.Type = "b"
			}
		}
	}
	if closed.Path == "" {
		t.Fatal("this host has no device that is closed to its users")
	}
	c.run(device(closed), inside("print ok")).exits(0).prints("ok").complains("URUN-DEV-002", "linux.devices[0]: "+closed.Path)
	c.flags = []string{"--strict"}
	c.refused(c.bundle(device(closed)), "URUN-DEV-002")
}
