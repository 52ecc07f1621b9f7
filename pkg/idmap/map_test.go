package idmap

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lines makes a map from triples of container id, host id, size.
func lines(n ...uint32) Map {
	var m Map
	for i := 0; i < len(n); i += 3 {
		m = append(m, One(n[i], n[i+1])...)
		m[len(m)-1].Size = n[i+2]
	}
	return m
}

func TestForms(t *testing.T) {
	m := lines(0, 1000, 1, 1, 100000, 65536)
	if got, want := m.String(), "0:1000:1 1:100000:65536"; got != want {
		t.Errorf("String: %q, want %q", got, want)
	}
	if got, want := string(m.Kernel()), "0 1000 1\n1 100000 65536\n"; got != want {
		t.Errorf("Kernel: %q, want %q", got, want)
	}
	if got, want := m.Args(), []string{"0", "1000", "1", "1", "100000", "65536"}; !slices.Equal(got, want) {
		t.Errorf("Args: %q, want %q", got, want)
	}
	if got := Map(nil).String(); got != "" {
		t.Errorf("String of nothing: %q", got)
	}
}

func TestTranslate(t *testing.T) {
	m := lines(0, 1000, 1, 1, 100000, 65536, 4294967294, 7, 1)
	for _, c := range []struct{ in, out uint32 }{{0, 1000}, {1, 100000}, {65536, 165535}, {4294967294, 7}} {
		if got, ok := m.ToHost(c.in); !ok || got != c.out {
			t.Errorf("ToHost(%d) = %d, %v, want %d", c.in, got, ok, c.out)
		}
		if got, ok := m.ToContainer(c.out); !ok || got != c.in {
			t.Errorf("ToContainer(%d) = %d, %v, want %d", c.out, got, ok, c.in)
		}
	}
	for _, id := range []uint32{65537, 4294967295} {
		if got, ok := m.ToHost(id); ok {
			t.Errorf("ToHost(%d) = %d, want none", id, got)
		}
	}
	for _, id := range []uint32{0, 999, 1001, 165536, 4294967295} {
		if got, ok := m.ToContainer(id); ok {
			t.Errorf("ToContainer(%d) = %d, want none", id, got)
		}
	}
}

func TestSingle(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Map
		want bool
	}{
		{"root inside", One(0, 1000), true},
		{"other id inside", One(999, 1000), true},
		{"other id outside", One(0, 1001), false},
		{"two ids", lines(0, 1000, 2), false},
		{"two lines", lines(0, 1000, 1, 1, 100000, 1), false},
		{"nothing", nil, false},
	} {
		if got := c.m.Single(1000); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Map
		err      string
	}{
		{"initial namespace", "         0          0 4294967295\n", lines(0, 0, 4294967295), ""},
		{"two lines", "0 1000 1\n1 100000 65536\n", lines(0, 1000, 1, 1, 100000, 65536), ""},
		{"no newline at the end", "0 1000 1", lines(0, 1000, 1), ""},
		{"unmapped in the reader's namespace", "0 4294967295 1\n", lines(0, 4294967295, 1), ""},
		{"not written yet", "", nil, ""},
		{"two fields", "0 1000 1\n0 1\n", nil, "id map line 2: 2 fields instead of 3"},
		{"negative", "0 -1 1\n", nil, `id map line 1: "-1" is not an id`},
		{"too large", "0 4294967296 1\n", nil, `id map line 1: "4294967296" is not an id`},
	} {
		got, err := Parse([]byte(c.in))
		if d := cmp.Diff(c.want, got); d != "" || text(err) != c.err {
			t.Errorf("%s: error %q, want %q\n%s", c.name, text(err), c.err, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("0 1000 1\n1 100000 65536\n"))
	f.Add([]byte("         0          0 4294967295\n"))
	f.Add([]byte("\n\n0 -1 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(m.Kernel())
		if err != nil || !slices.Equal(m, again) {
			t.Fatalf("%q became %q: %v", m, again, err)
		}
		_, _ = m.Validate(), m.Owned(1000, nil) // must not panic
	})
}

// text is an error's text, "" for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
