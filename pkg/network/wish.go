package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/urun/urun/pkg/companion"
)

// Prefix begins the names of all annotations that are urun's own.
const Prefix = "dev.urun."

// The annotations of a bundle that carries its own network; the flags of the same names win over them. Lists are separated by
// commas.
const (
	KeyNet      = "dev.urun.net"               // a mode
	KeyPublish  = "dev.urun.publish"           // ports, see ParsePorts
	KeyDNS      = "dev.urun.dns"               // addresses of nameservers
	KeyAddHost  = "dev.urun.add-host"          // NAME:IP
	KeyLoopback = "dev.urun.net-host-loopback" // "true": the host's loopback can be reached
)

// The modes of a network.
const (
	Auto  = "auto"        // Pasta or Slirp where one can be had, else None; Host for a config without a network namespace
	Host  = "host"        // the host's own
	None  = "none"        // lo, and published ports
	Pasta = "pasta"       // a user-mode network by pasta(1)
	Slirp = "slirp4netns" // the same by slirp4netns(1)
)

// Of begins the mode that takes the network of another container, whose id follows.
const Of = "container:"

// Modes lists them, for people.
func Modes() []string { return append(plain(), Of+"ID") }

// plain are those that are named in full.
func plain() []string { return []string{Auto, Host, None, Pasta, Slirp} }

// LeadsOut says that a network of this mode has a way out by a helper, with the addresses that Address begins.
func LeadsOut(mode string) bool { return mode == Pasta || mode == Slirp }

// A Wish is what a config and its flags ask about the network.
type Wish struct {
	Mode     string // empty: nothing is asked, and nothing changes
	Ports    []companion.Port
	DNS      []string
	Hosts    [][2]string // name and address
	Loopback bool        // the host's loopback is to be reached
}

// Asked says whether a config asks for anything of a network, without a look at the details.
func Asked(annotations map[string]string) bool {
	for _, key := range []string{KeyNet, KeyPublish, KeyDNS, KeyAddHost, KeyLoopback} {
		if annotations[key] != "" {
			return true
		}
	}
	return false
}

// Parse reads a wish out of the annotations of a config. Ports, names or nameservers without a mode mean Auto. Errors name the
// annotation, and the flag it stands for.
func Parse(annotations map[string]string) (Wish, error) {
	if !Asked(annotations) {
		return Wish{}, nil
	}
	w := Wish{Mode: annotations[KeyNet]}
	if w.Mode == "" {
		w.Mode = Auto
	}
	if !slices.Contains(plain(), w.Mode) && (!strings.HasPrefix(w.Mode, Of) || w.Mode == Of) {
		return w, fmt.Errorf("--net (%s): %q is none of %s", KeyNet, w.Mode, strings.Join(Modes(), ", "))
	}
	var err error
	if w.Ports, err = ParsePorts(list(annotations[KeyPublish])); err != nil {
		return w, fmt.Errorf("-p (%s): %w", KeyPublish, err)
	}
	for _, s := range list(annotations[KeyDNS]) {
		// A zone may be any text, and must not become a line of its own in resolv.conf.
		if _, err := netip.ParseAddr(s); err != nil || len(strings.Fields(s)) != 1 {
			return w, fmt.Errorf("--dns (%s): %q is not the address of a nameserver", KeyDNS, s)
		}
		w.DNS = append(w.DNS, s)
	}
	for _, s := range list(annotations[KeyAddHost]) {
		h, err := parseHost(s)
		if err != nil {
			return w, fmt.Errorf("--add-host (%s): %w", KeyAddHost, err)
		}
		w.Hosts = append(w.Hosts, h)
	}
	switch v := annotations[KeyLoopback]; v {
	case "", "false", "true":
		w.Loopback = v == "true"
	default:
		return w, fmt.Errorf("--net-host-loopback (%s): %q is neither true nor false", KeyLoopback, v)
	}
	return w, nil
}

func list(s string) []string {
	return slices.DeleteFunc(strings.Split(s, ","), func(e string) bool { return e == "" })
}

// parseHost reads NAME:IP. The name goes into a file of lines and words, so that it must be one word.
func parseHost(s string) ([2]string, error) {
	name, ip, ok := strings.Cut(s, ":")
	addr, err := netip.ParseAddr(strings.Trim(ip, "[]"))
	if !ok || err != nil || addr.Zone() != "" || !isHostName(name) {
		return [2]string{}, fmt.Errorf("%q is not NAME:IP", s)
	}
	return [2]string{name, addr.String()}, nil
}

func isHostName(s string) bool {
	for _, r := range s {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			continue
		}
		return false
	}
	return s != "" && len(s) <= 253
}
