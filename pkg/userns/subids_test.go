package userns

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rootless-containers/rootlesskit/v3/pkg/parent/idtools"

	"github.com/urun/urun/pkg/idmap"
)

func TestRanges(t *testing.T) {
	one := []idmap.Range{{Start: 100000, Count: 65536}}
	for _, c := range []struct {
		name, in string
		want     []idmap.Range
	}{
		{"by name", "dev:100000:65536\n", one},
		{"by number", "1000:100000:65536\n", one},
		{"no newline at the end, spaces around", "  dev:100000:65536  ", one},
		{"in the order of the file", "dev:500000:10\nother:1:1\n1000:100000:65536\n", []idmap.Range{{Start: 500000, Count: 10}, one[0]}},
		{"somebody else's", "devel:100000:65536\n10001:1:1\n", nil},
		{"comments and empty lines", "# dev:1:1\n\ndev:100000:65536\n", one},
		{"a neighbour's broken lines", "other\nother:x:y\nother:1\n:::::\ndev:100000:65536\n", one},
		{"an own broken line", "dev:100000\ndev:a:5\ndev:5:b\ndev::\ndev:100000:65536\n", one},
		{"negative", "dev:-1:65536\ndev:5:-1\n", nil},
		{"past 32 bits", "dev:4294967296:1\ndev:1:4294967296\ndev:18446744073709551616:1\n", nil},
		{"no id", "dev:4294967295:1\n", nil},
		{"no ids", "dev:5:0\n", nil},
		{"reaches past the end: idmap clips", "dev:4294967000:4294967295\n", []idmap.Range{{Start: 4294967000, Count: 4294967295}}},
		{"empty owner is nobody", ":100000:65536\n", nil},
	} {
		if d := cmp.Diff(c.want, ranges([]byte(c.in), 1000, "dev")); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
	if got := ranges([]byte(":100000:65536\n"), 1000, ""); got != nil {
		t.Errorf("user without a name got %v", got)
	}
}

func TestSensible(t *testing.T) {
	in := []idtools.SubIDRange{{Start: 100000, Length: 65536}, {Start: -1, Length: 5}, {Start: 5, Length: -1}, {Start: 5, Length: 0},
		{Start: 1 << 32, Length: 1}, {Start: 1, Length: 1 << 32}, {Start: 4294967295, Length: 1}}
	if d := cmp.Diff([]idmap.Range{{Start: 100000, Count: 65536}}, sensible(in)); d != "" {
		t.Error(d)
	}
}

func TestDynamic(t *testing.T) {
	for _, c := range []struct {
		in   string
		want bool
	}{
		{"", false},
		{"passwd: files sss\n", false},
		{"subid: files\n", false},
		{"subid:\n", false},
		{"# subid: sss\n", false},
		{"passwd: files\nsubid: sss\n", true},
		{"SubID:\tsss files\n", true},
		{"subid: files sss\n", false},
	} {
		if got := dynamic([]byte(c.in)); got != c.want {
			t.Errorf("%q: %v", c.in, got)
		}
	}
}

func TestLoginName(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\n:x:7:7::/:\ndev:x:1000:1000::/home/dev:/bin/sh\ntwin:x:1000:1000::/:\n"
	for _, c := range []struct {
		name string
		uid  uint32
		said string
		want string
	}{
		{"from the file", 1000, "", "dev"},
		{"the file knows better", 1000, "root", "dev"},
		{"not in the file", 5000, "", ""},
		{"not in the file, but said", 5000, "ldap", "ldap"},
		{"said, but is another", 5000, "root", ""},
		{"line without a name", 7, "", ""},
	} {
		if got := loginName([]byte(passwd), c.uid, c.said); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The real files of this machine, whoever runs the test.
func TestOwnedHere(t *testing.T) {
	s, err := Owned(uint32(os.Getuid()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Source != "/etc/subuid" && s.Source != "getsubids" {
		t.Errorf("source %q", s.Source)
	}
	none, err := Owned(4_000_000_000)
	if err != nil || len(none.UIDs)+len(none.GIDs) > 0 {
		t.Errorf("nobody owns %v (%v)", none, err)
	}
}

func TestReadFile(t *testing.T) {
	for _, size := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		path, want := t.TempDir()+"/f", bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d (%v)", size, len(got), err)
		}
	}
	if _, err := readFile(t.TempDir() + "/absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := readFile(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "read /") {
		t.Errorf("directory: %v", err)
	}
}

func FuzzRanges(f *testing.F) {
	f.Add([]byte("dev:100000:65536\n1000:5:5\n#\nother\n"))
	f.Add([]byte("dev:-1:18446744073709551616\ndev:4294967294:4294967295"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := ranges(b, 1000, "dev")
		if len(got) > strings.Count(string(b), "\n")+1 {
			t.Fatalf("%d ranges of %q", len(got), b)
		}
		m := idmap.Full(1000, got)
		if err := m.Validate(); err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		_, _ = loginName(b, 1000, "dev"), dynamic(b) // must not panic
	})
}

func BenchmarkOwned(b *testing.B) {
	for b.Loop() {
		_, _ = Owned(uint32(os.Getuid()))
	}
}
