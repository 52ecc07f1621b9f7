package test

import (
	"os"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
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
	c.refused(c.bundle(device(specs.LinuxDevice{Path: "/dev/pipe", Type: "p"})), `linux.devices[0].type: "p"`)
	c.run(device(specs.LinuxDevice{Path: "/dev/null", Type: "c", Major: 1, Minor: 3}), inside("device /dev/null")).exits(0).prints("1:3").silent()
}
