package monitor

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/companion"
)

// frame is an Ethernet frame of IP to an address, as far as the filter looks at it.
func frame(to string) []byte {
	addr := netip.MustParseAddr(to)
	if addr.Is4() {
		return slices.Concat(make([]byte, 12), []byte{0x08, 0x00, 0x45}, make([]byte, 15), addr.AsSlice(), []byte("payload"))
	}
	return slices.Concat(make([]byte, 12), []byte{0x86, 0xdd, 0x60}, make([]byte, 23), addr.AsSlice(), []byte("payload"))
}

// TestToOthers: the kernel's own filter lets through what goes to others.
func TestToOthers(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	program := unix.SockFprog{Len: uint16(len(toOthers)), Filter: &toOthers[0]}
	if err := unix.SetsockoptSockFprog(pair[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		t.Fatal(err)
	}
	vlan := slices.Concat(make([]byte, 12), []byte{0x81, 0x00, 0x00, 0x07}, frame("192.0.2.2")[12:])
	arp := slices.Concat(make([]byte, 12), []byte{0x08, 0x06}, make([]byte, 28))
	for _, test := range []struct {
		what  string
		frame []byte
		pass  bool
	}{
		{"others", frame("192.0.2.2"), true}, {"the resolver", frame("10.0.2.3"), true}, {"everybody", frame("255.255.255.255"), true},
		{"below 127", frame("126.255.255.255"), true}, {"above 127", frame("128.0.0.1"), true}, {"1.0.0.0", frame("1.0.0.0"), true},
		{"loopback", frame("127.0.0.1"), false}, {"all of it", frame("127.255.255.254"), false},
		{"this host", frame("0.0.0.0"), false}, {"this network", frame("0.1.2.3"), false},
		{"others by IPv6", frame("2001:db8::2"), true}, {"a neighbour", frame("fe80::1"), true}, {"the gateway", frame("fd00::2"), true},
		{"zeros in the middle", frame("2001::1"), true}, {"zeros at the beginning", frame("0:0:1::1"), true}, {"more of them", frame("::1:0:0:1"), false},
		{"loopback by IPv6", frame("::1"), false}, {"no address", frame("::"), false},
		{"loopback as IPv6 has it", frame("::ffff:127.0.0.1"), false}, {"the same of old", frame("::127.0.0.1"), false},
		{"ARP", arp, true}, {"VLAN", vlan, false}, {"a short frame", frame("192.0.2.2")[:20], false}, {"nothing", make([]byte, 14), false},
	} {
		if _, err := unix.Write(pair[0], test.frame); err != nil {
			t.Fatalf("%s: %v", test.what, err)
		}
		n, _, err := unix.Recvfrom(pair[1], make([]byte, 100), unix.MSG_DONTWAIT)
		if passed := err == nil; passed != test.pass {
			t.Errorf("%s: %v, %v", test.what, passed, err)
		}
		if err == nil && n != len(test.frame) {
			t.Errorf("%s: %d bytes of %d", test.what, n, len(test.frame))
		}
	}
}

// TestGuardLoopback: who cannot be kept from it is refused, if it matters.
func TestGuardLoopback(t *testing.T) {
	pidfd, err := unix.PidfdOpen(os.Getpid(), 0) // has no tap interface
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	for _, test := range []struct {
		network companion.Network
		pidfd   int
		want    string
	}{
		{companion.Network{}, pidfd, ""},
		{companion.Network{Crafts: true, Loopback: true}, pidfd, ""},
		{companion.Network{Crafts: true}, pidfd, "slirp4netns cannot be kept from the host's loopback: it has no tap interface; its container has CAP_NET_ADMIN or"},
		{companion.Network{Crafts: true}, -1, "pidfd_getfd: bad file descriptor"},
	} {
		err := guardLoopback(&helper{name: "slirp4netns", pidfd: test.pidfd}, &test.network)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.network, err)
		}
	}
}
