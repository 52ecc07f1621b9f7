package network

import (
	"strings"
	"testing"
)

// TestPorts: what people write, and what is published.
func TestPorts(t *testing.T) {
	for given, want := range map[string]string{
		"8080:80":                  "127.0.0.1:8080:80/tcp",
		"8080:80/tcp":              "127.0.0.1:8080:80/tcp",
		"0.0.0.0:53:5353/udp":      "0.0.0.0:53:5353/udp",
		"[::1]:8080:80":            "[::1]:8080:80/tcp",
		"[::]:8080:80/udp":         "[::]:8080:80/udp",
		"0:80":                     "127.0.0.1:0:80/tcp",
		"0:80-81":                  "127.0.0.1:0:80/tcp 127.0.0.1:0:81/tcp",
		"8000-8002:9000-9002":      "127.0.0.1:8000:9000/tcp 127.0.0.1:8001:9001/tcp 127.0.0.1:8002:9002/tcp",
		"80:80,80:80/udp":          "127.0.0.1:80:80/tcp 127.0.0.1:80:80/udp",
		"80:80,127.0.0.2:80:80":    "127.0.0.1:80:80/tcp 127.0.0.2:80:80/tcp",
		"0.0.0.0:80:80,[::]:80:80": "0.0.0.0:80:80/tcp [::]:80:80/tcp",
	} {
		ports, err := ParsePorts(strings.Split(given, ","))
		var got []string
		for _, p := range ports {
			got = append(got, p.String())
		}
		if s := strings.Join(got, " "); err != nil || s != want {
			t.Errorf("%s: %s, %v, want %s", given, s, err, want)
		}
	}
}

// TestBadPorts: each with the reason.
func TestBadPorts(t *testing.T) {
	for given, want := range map[string]string{
		"80":                            "want [IP:]HOST:CONTAINER, such as 8080:80",
		"":                              "want [IP:]HOST:CONTAINER",
		":80":                           `"" is not a port`,
		"80:":                           `"" is not a port`,
		"80:0":                          "port 0 of the container is none",
		"65536:80":                      `"65536" is not a port`,
		"-1:80":                         `"" is not a port`,
		"a:80":                          `"a" is not a port`,
		"+80:80":                        `"+80" is not a port`,
		"80:80/sctp":                    `the protocol "sctp" is neither tcp nor udp`,
		"80:80/":                        `the protocol "" is neither`,
		"1.2.3:80:80":                   `"1.2.3" is not an address of the host`,
		"::1:80:80":                     `"::1" is not an address of the host (an IPv6 address stands in brackets)`,
		"[127.0.0.1]:80:80":             "is not an address of the host",
		"[fe80::1%lo]:80:80":            "is not an address of the host",
		"localhost:80:80":               `"localhost" is not an address of the host`,
		"8000-8002:80":                  "8000-8002 are 3 ports and 80 are 1",
		"8002-8000:80-82":               "the range 8002-8000 ends before it begins",
		"0-5:80-85":                     "cannot begin with 0",
		"1-2000:1-2000":                 "these are more than 1024 ports",
		"0:1-2000":                      "these are more than 1024 ports",
		"80:80,80:81":                   "port 80/tcp of the host is published twice (127.0.0.1:80:80/tcp and 127.0.0.1:80:81/tcp)",
		"80:80,0.0.0.0:80:81":           "port 80/tcp of the host is published twice",
		"8000-8005:1-6,8003:9":          "port 8003/tcp of the host is published twice",
		"1-1000:1-1000,2001-2100:1-100": "these are more than 1024 ports",
	} {
		_, err := ParsePorts(strings.Split(given, ","))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", given, err, want)
		}
	}
}

// FuzzPorts: what is understood can be written and understood again.
func FuzzPorts(f *testing.F) {
	f.Add("8080:80")
	f.Add("[::1]:1-3:4-6/udp")
	f.Fuzz(func(t *testing.T, s string) {
		ports, err := ParsePorts([]string{s})
		if err != nil {
			return
		}
		for _, p := range ports {
			again, err := ParsePorts([]string{p.String()})
			if err != nil || len(again) != 1 || again[0] != p {
				t.Errorf("%s: %v, %v", p, again, err)
			}
		}
	})
}

// TestWish: annotations, and what is wrong with them.
func TestWish(t *testing.T) {
	w, err := Parse(map[string]string{KeyPublish: "8080:80,9090:90", KeyDNS: "10.0.0.1", KeyAddHost: "db:10.0.0.7,six:::1", KeyLoopback: "true"})
	if err != nil || w.Mode != Auto || len(w.Ports) != 2 || w.DNS[0] != "10.0.0.1" || w.Hosts[1] != [2]string{"six", "::1"} || !w.Loopback {
		t.Errorf("%+v, %v", w, err)
	}
	if w, err := Parse(map[string]string{"other": "x"}); err != nil || w.Mode != "" {
		t.Errorf("nothing is asked: %+v, %v", w, err)
	}
	for key, value := range map[string]string{
		KeyNet: "bridge", KeyPublish: "x", KeyDNS: "dns.example", KeyAddHost: "a b:1.2.3.4", KeyLoopback: "maybe",
	} {
		if _, err := Parse(map[string]string{key: value}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
	for _, bad := range []string{"a:1.2.3.4\nb:1", "a\nb:1.2.3.4", "a:fe80::1%x\nb", ":1.2.3.4", "a"} {
		if _, err := Parse(map[string]string{KeyAddHost: bad}); err == nil {
			t.Errorf("%q becomes lines of a file", bad)
		}
	}
	for zone, ok := range map[string]bool{"tap0": true, "tap0\noptions trust-ad": false, "tap0 more": false} {
		if _, err := Parse(map[string]string{KeyDNS: "fe80::1%" + zone}); (err == nil) != ok {
			t.Errorf("a nameserver in the zone %q: %v", zone, err)
		}
	}
}

// TestFiles: what the container reads.
func TestFiles(t *testing.T) {
	got := string(Resolv([]string{Nameserver}, "# c\nnameserver 127.0.0.53\nsearch a.example\noptions edns0\n"))
	if want := "search a.example\noptions edns0\nnameserver 10.0.2.3\n"; got != want {
		t.Errorf("%q", got)
	}
	got = string(HostsFile("web", Address, [][2]string{{"db", "10.0.0.7"}}))
	if want := "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n10.0.2.100 web\n10.0.0.7 db\n"; got != want {
		t.Errorf("%q", got)
	}
}
