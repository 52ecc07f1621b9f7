package idmap

import (
	"encoding/binary"
	"testing"
)

func TestFull(t *testing.T) {
	for _, c := range []struct {
		name   string
		caller uint32
		owned  []Range
		want   string
	}{
		{"useradd's range", 1000, []Range{{100000, 65536}}, "0:1000:1 1:100000:65536"},
		{"no range", 1000, nil, "0:1000:1"},
		{"two ranges in their order", 1000, []Range{{500000, 10}, {100000, 65536}}, "0:1000:1 1:500000:10 11:100000:65536"},
		{"own id in the middle", 1000, []Range{{990, 20}}, "0:1000:1 1:990:10 11:1001:9"},
		{"own id first", 1000, []Range{{1000, 20}}, "0:1000:1 1:1001:19"},
		{"own id last", 1000, []Range{{990, 11}}, "0:1000:1 1:990:10"},
		{"own id only", 1000, []Range{{1000, 1}}, "0:1000:1"},
		{"listed twice", 1000, []Range{{2000, 10}, {2000, 10}}, "0:1000:1 1:2000:10"},
		{"around a listed one", 1000, []Range{{2005, 2}, {2000, 10}}, "0:1000:1 1:2005:2 3:2000:5 8:2007:3"},
		{"empty range", 1000, []Range{{2000, 0}}, "0:1000:1"},
		{"past the last id outside", 1000, []Range{{4294967290, 4294967295}}, "0:1000:1 1:4294967290:5"},
		{"no id", 1000, []Range{{4294967295, 1}}, "0:1000:1"},
		{"everything", 0, []Range{{0, 4294967295}}, "0:0:1 1:1:4294967294"},
	} {
		if got := Full(c.caller, c.owned).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A map that the kernel would not take in one write would be worse than a smaller one.
func TestFullFitsThePage(t *testing.T) {
	for _, step := range []uint32{2, 12_000_000} {
		var owned []Range
		for i := range uint32(2000) {
			owned = append(owned, Range{Start: i * step, Count: 1})
		}
		m := Full(1, owned)
		if n := len(m.Kernel()); n >= 4096 || len(m) > MaxLines || len(m) < 150 {
			t.Errorf("%d bytes in %d lines", n, len(m))
		}
	}
}

// FuzzFull reads ranges of eight bytes each: whatever they are, the map is one that the kernel and newuidmap take.
func FuzzFull(f *testing.F) {
	f.Add(uint32(1000), []byte("\xa0\x86\x01\x00\x00\x00\x01\x00"))
	f.Add(uint32(5), []byte("\x00\x00\x00\x00\xff\xff\xff\xff\x04\x00\x00\x00\x04\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, caller uint32, b []byte) {
		var owned []Range
		for ; len(b) >= 8; b = b[8:] {
			owned = append(owned, Range{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])})
		}
		if caller == NoID {
			return
		}
		m := Full(caller, owned)
		if err := m.Validate(); err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		if err := m.Owned(caller, owned); err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		if host, ok := m.ToHost(0); !ok || host != caller || len(m.Kernel()) >= maxBytes {
			t.Fatalf("%v: 0 is %d, %v", m, host, ok)
		}
	})
}
