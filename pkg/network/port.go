package network

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/urun/urun/pkg/companion"
)

const (
	// maxPorts bounds how many ports one container publishes: each takes a socket and a goroutine of urun-monitor.
	maxPorts = 1024

	// here is the address of the host that a port is published on when none is named: nobody but this machine reaches it.
	here = "127.0.0.1"
)

// ParsePorts reads ports to publish, each as [IP:]HOST:CONTAINER[/tcp|/udp]. HOST and CONTAINER may be ranges of the same length;
// HOST 0 is a free port. Without IP it is 127.0.0.1.
func ParsePorts(specs []string) ([]companion.Port, error) {
	var all []companion.Port
	for _, s := range specs {
		ports, err := parsePort(s)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
		for _, p := range ports {
			if other, ok := clash(all, p); ok {
				return nil, fmt.Errorf("%q: %s is published twice (%s and %s)", s, where(p), other, p)
			}
			all = append(all, p)
		}
		if len(all) > maxPorts {
			return nil, fmt.Errorf("%q: these are more than %d ports", s, maxPorts)
		}
	}
	return all, nil
}

func where(p companion.Port) string {
	return fmt.Sprintf("port %d/%s of the host", p.HostPort, p.Proto)
}

func parsePort(s string) ([]companion.Port, error) {
	rest, proto, ok := strings.Cut(s, "/")
	switch {
	case !ok:
		proto = "tcp"
	case proto != "tcp" && proto != "udp":
		return nil, fmt.Errorf("the protocol %q is neither tcp nor udp", proto)
	}
	rest, inside, ok := cutLast(rest)
	if !ok {
		if _, err := strconv.ParseUint(s, 10, 16); err != nil {
			s = "80"
		}
		return nil, fmt.Errorf("want [IP:]HOST:CONTAINER, such as 8080:%s", s)
	}
	ip, outside, ok := cutLast(rest)
	if !ok {
		ip, outside = here, rest
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(ip, "["), "]"))
	if err != nil || addr.Zone() != "" || addr.Is6() != strings.HasPrefix(ip, "[") {
		return nil, fmt.Errorf("%q is not an address of the host (an IPv6 address stands in brackets)", ip)
	}
	return pair(addr.String(), proto, outside, inside)
}

// cutLast cuts at the last colon outside of brackets.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.IndexByte(s[i:], ']') >= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// pair joins the ports of two ranges one by one.
func pair(ip, proto, outside, inside string) ([]companion.Port, error) {
	h, hn, err := parseRange(outside)
	if err != nil {
		return nil, err
	}
	c, cn, err := parseRange(inside)
	switch {
	case err != nil:
		return nil, err
	case c == 0:
		return nil, fmt.Errorf("port 0 of the container is none")
	case h == 0 && hn > 1:
		return nil, fmt.Errorf("a range of the host's ports cannot begin with 0")
	case h != 0 && hn != cn:
		return nil, fmt.Errorf("%s are %d ports and %s are %d", outside, hn, inside, cn)
	case cn > maxPorts:
		return nil, fmt.Errorf("these are more than %d ports", maxPorts)
	}
	var all []companion.Port
	for i := range cn {
		p := companion.Port{Proto: proto, HostIP: ip, ContainerPort: c + i}
		if h != 0 {
			p.HostPort = h + i
		}
		all = append(all, p)
	}
	return all, nil
}

// parseRange reads N or N-M, and returns the first port and how many there are.
func parseRange(s string) (first, n int, err error) {
	from, to, isRange := strings.Cut(s, "-")
	a, err := portNumber(from)
	if err != nil || !isRange {
		return a, 1, err
	}
	b, err := portNumber(to)
	if err == nil && b < a {
		err = fmt.Errorf("the range %s ends before it begins", s)
	}
	return a, b - a + 1, err
}

func portNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a port: a number up to 65535, or a range of them", s)
	}
	return int(n), nil
}

// clash finds the port among all that p cannot be had beside: the same one at the same address, or at every address.
func clash(all []companion.Port, p companion.Port) (companion.Port, bool) {
	for _, o := range all {
		if p.HostPort == 0 || o.HostPort != p.HostPort || o.Proto != p.Proto {
			continue
		}
		a, b := netip.MustParseAddr(o.HostIP), netip.MustParseAddr(p.HostIP)
		if a == b || a.Is6() == b.Is6() && (a.IsUnspecified() || b.IsUnspecified()) {
			return o, true
		}
	}
	return companion.Port{}, false
}
