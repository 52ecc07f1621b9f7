package network

import (
	"fmt"
	"strings"
)

// What slirp4netns(1) gives a container; its own name for these is "configure".
const (
	SlirpAddress = "10.0.2.100"
	SlirpGateway = "10.0.2.2" // the host's loopback, where that may be reached
	SlirpDNS     = "10.0.2.3" // asks whom the host asks
	SlirpMTU     = 65520      // bytes; a large one is what makes it fast
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
