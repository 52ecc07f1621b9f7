package network

import (
	"fmt"
	"strings"
)

// What slirp4netns(1) gives a container, which calls it "configure"; pasta(1) is told to give the same.
const (
	Address    = "10.0.2.100"
	Gateway    = "10.0.2.2" // the host's loopback, where that may be reached
	Nameserver = "10.0.2.3" // asks whom the host asks
	MTU        = 65520      // bytes; a large one is what makes it fast
)

// PastaSince is the version of passt from which on pasta is preferred. What a container sends to 127.0.0.1, as a process that may use
// raw sockets can, no longer gets to the host's loopback, and there is one table for all connections, those by UDP included. The
// programs of distributions do not tell their version ("unknown"), so that it is known by PastaSign.
const PastaSince = "2024_08_21"

// PastaSign is an option that came with PastaSince, and thus a word in the program.
const PastaSign = "map-host-loopback"

// What pasta(1) is told to give a container where the host has IPv6. slirp4netns(1) takes an address of the same network at random.
const (
	PastaAddress6    = "fd00::100"
	PastaGateway6    = "fd00::2"
	PastaNameserver6 = "fd00::3"
)

// Resolv is the content of a container's /etc/resolv.conf. Search domains and options are those of the host's.
func Resolv(nameservers []string, hosts string) []byte {
	var b strings.Builder
	for line := range strings.Lines(hosts) {
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "search" || f[0] == "domain" || f[0] == "options") {
			b.WriteString(strings.Join(f, " ") + "\n")
		}
	}
	for _, ns := range nameservers {
		fmt.Fprintf(&b, "nameserver %s\n", ns)
	}
	return []byte(b.String())
}

// HostsFile is the content of a container's /etc/hosts. name is the container's own, address its own; both may be empty.
func HostsFile(name, address string, more [][2]string) []byte {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
	if address == "" {
		address = "127.0.1.1" // as Debian does
	}
	if name != "" {
		fmt.Fprintf(&b, "%s %s\n", address, name)
	}
	for _, h := range more {
		fmt.Fprintf(&b, "%s %s\n", h[1], h[0])
	}
	return []byte(b.String())
}
