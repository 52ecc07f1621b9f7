package sys

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// The kernel tells the same in fields 48 to 51 of proc_pid_stat(5): where the arguments and the environment begin and end.
func TestArgPages(t *testing.T) {
	raw, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	field := func(n int) uint64 {
		v, err := strconv.ParseUint(fields[n-3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first, size, name := ArgPages()
	if argStart, envEnd := field(48), field(51); name != argStart || first > argStart || first+size < envEnd {
		t.Errorf("%#x and %#x bytes, the name at %#x; the kernel says %#x to %#x", first, size, name, argStart, envEnd)
	}
	if page := uint64(os.Getpagesize()); first%page != 0 || size%page != 0 || size == 0 {
		t.Errorf("%#x and %#x bytes are not whole pages", first, size)
	}
	was := os.Args
	defer func() { os.Args = was }()
	os.Args = []string{strings.Repeat("x", 3)} // not where the kernel has put them
	if first, size, name := ArgPages(); first != 0 || size != 0 || name != 0 {
		t.Errorf("of others: %#x, %#x, %#x", first, size, name)
	}
}
