package host

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// distro names this distribution and those that it is like, nearest first (os-release(5)).
func distro() []string {
	content, err := read("/etc/os-release")
	if err != nil {
		content, _ = read("/usr/lib/os-release") // the second place that os-release(5) names
	}
	return distros(content)
}

// distros reads ID and ID_LIKE out of an os-release file.
func distros(content []byte) []string {
	var id, like []string
	for line := range bytes.Lines(content) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		words := strings.Fields(strings.Trim(value, `"'`))
		switch key {
		case "ID":
			id = words
		case "ID_LIKE":
			like = words
		}
	}
	return append(id, like...)
}

// install is the command that installs newuidmap and newgidmap on a distribution.
func install(distro []string) string {
	for _, d := range distro {
		switch d {
		case "debian", "ubuntu":
			return "sudo apt-get install uidmap"
		case "fedora", "rhel", "centos":
			return "sudo dnf install shadow-utils"
		case "suse", "opensuse":
			return "sudo zypper install shadow"
		case "arch":
			return "sudo pacman -S shadow"
		case "alpine":
			return "sudo apk add shadow-uidmap"
		}
	}
	return "install newuidmap and newgidmap: package uidmap (Debian, Ubuntu), shadow-utils (Fedora) or shadow (others)"
}

// filtered tells whether a seccomp filter is on this process (proc_pid_status(5)); urun puts none on itself.
func filtered() bool {
	status, _ := read("/proc/self/status") // unreadable: unknown
	return strings.Contains(string(status), "\nSeccomp:\t2\n")
}

// chrooted tells whether the root directory is no mount point, which it always is outside of a chroot. A chroot into
// a mount point is not recognised.
func chrooted() bool {
	var st unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, "/", 0, 0, &st) != nil || st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return false
	}
	return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0
}

// more is a number well above a limit.
func more(limit string) string {
	n, err := strconv.Atoi(limit)
	if err != nil || n < 7500 {
		return "15000"
	}
	return strconv.Itoa(2 * n)
}
