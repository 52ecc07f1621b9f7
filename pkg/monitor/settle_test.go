package monitor

import "testing"

func TestText(t *testing.T) {
	for line, want := range map[string]struct {
		from, size uint64
		ok         bool
	}{
		"00400000-006c7000 r-xp 00000000 fe:00 99942 /usr/libexec/urun/urun-monitor\n": {0x400000, 0x2c7000, true},
		"006c7000-009d3000 r-xp 002c7000 fe:00 99942 /with a space\n":                  {0x6c7000, 0x30c000, true},
		"006c7000-009d3000 r--p 002c7000 fe:00 99942 /usr/libexec/urun/urun-monitor\n": {},
		"009d3000-009fe000 rw-p 005d3000 fe:00 99942 /usr/libexec/urun/urun-monitor\n": {},
		"009fe000-00a34000 rw-p 00000000 00:00 0 \n":                                   {},
		"7ffe09983000-7ffe09985000 r-xp 00000000 00:00 0                  [vdso]\n":    {},
		"": {}, "x-y r-xp 0 0 1 /p\n": {}, "2-1 r-xp 0 0 1 /p\n": {},
	} {
		from, size, ok := text(line)
		if ok != want.ok || ok && (from != want.from || size != want.size) {
			t.Errorf("%q: %#x, %#x, %v", line, from, size, ok)
		}
	}
}
