package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/plan"
)

const tunDevice = "/dev/net/tun"

// Network looks for what the network of a container needs. mode is what is asked for, as in the annotation.
func Network(h *plan.Host, mode string) {
	f := &plan.NetworkFacts{IPv4: routesIPv4(), IPv6: routesIPv6(), LowPorts: LowPorts(h)}
	if content, err := read("/etc/resolv.conf"); err == nil {
		f.Resolv = string(content)
	}
	f.Slirp, f.Pasta = program(network.Slirp), program(network.Pasta)
	if mode == "" || mode == network.Auto || mode == network.Pasta {
		f.OldPasta = f.Pasta != "" && !mentions(f.Pasta, network.PastaSign)
	}
	switch err := unix.Access(tunDevice, unix.R_OK|unix.W_OK); {
	case err == unix.ENOENT:
		f.Tun, f.TunFix = tunDevice+" does not exist", "as root: modprobe tun; in an outer container: --device "+tunDevice
	case err != nil:
		f.Tun, f.TunFix = tunDevice+": "+err.Error(), "as root: chmod 0666 "+tunDevice
	}
	h.Network = f
}

// program looks for a program on the PATH, and where Debian has those of the superuser.
func program(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(dir, name)
		var st unix.Stat_t
		if filepath.IsAbs(path) && unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil {
			return path
		}
	}
	return ""
}

// mentions says whether a program has this word in it: that takes 0.1 ms. To ask pasta for its
// version takes a process and 3 ms, and it may say "unknown".
func mentions(path, word string) bool {
	content, err := os.ReadFile(path)
	return err == nil && bytes.Contains(content, []byte(word))
}

// LowPorts is the first port that the caller may listen on (ip(7)); whoever is root of the host's user namespace may on any.
func LowPorts(h *plan.Host) int {
	if h.UID == 0 && !h.Nested {
		return 0
	}
	content, err := read("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	n, err2 := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || err2 != nil {
		return 0 // the kernel will tell
	}
	return n
}

// routesIPv4 says whether there is a default route: a line of /proc/net/route with neither destination nor mask, which is up (1) and
// refuses nothing (0x200; proc_pid_net(5)).
func routesIPv4() bool {
	content, err := read("/proc/net/route")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(content) {
		f := strings.Fields(string(line)) // interface, destination, gateway, flags, three counts, mask
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		if flags, err := strconv.ParseUint(f[3], 16, 16); err == nil && flags&0x201 == 1 {
			return true
		}
	}
	return false
}

// routesIPv6 says whether there is a default route for it: a line of zeros in /proc/net/ipv6_route that does not lead to lo.
func routesIPv6() bool {
	content, err := read("/proc/net/ipv6_route")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(content) {
		f := strings.Fields(string(line))
		if len(f) == 10 && strings.Trim(f[0]+f[1], "0") == "" && f[9] != "lo" {
			return true
		}
	}
	return false
}
