package idmap

import "testing"

// long is a valid map of n lines of one id each.
func long(n uint32) Map {
	var m Map
	for i := range n {
		m = append(m, One(i, 100000+i)...)
	}
	return m
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Map
		want string
	}{
		{"full", lines(0, 1000, 1, 1, 100000, 65536), ""},
		{"initial namespace", lines(0, 0, 4294967295), ""},
		{"last id", lines(4294967294, 4294967294, 1), ""},
		{"out of order", lines(10, 100, 5, 0, 200, 10), ""},
		{"340 lines", long(340), ""},
		{"nothing", nil, "id map has no lines"},
		{"341 lines", long(341), "id map has 341 lines, the kernel takes at most 340"},
		{"100000 lines", long(100000), "id map has 100000 lines, the kernel takes at most 340"},
		{"no ids", lines(0, 1000, 1, 1, 5, 0), "id map line 2 (1:5:0): size is 0"},
		{"no id inside", lines(4294967295, 5, 1), "id map line 1 (4294967295:5:1): container ids run past 4294967294"},
		{"wraps inside", lines(2, 5, 4294967295), "id map line 1 (2:5:4294967295): container ids run past 4294967294"},
		{"no id outside", lines(0, 4294967295, 1), "id map line 1 (0:4294967295:1): host ids run past 4294967294"},
		{"wraps outside", lines(0, 4294967290, 10), "id map line 1 (0:4294967290:10): host ids run past 4294967294"},
		{"overlap inside", lines(0, 1000, 10, 9, 2000, 1), "id map lines 1 (0:1000:10) and 2 (9:2000:1) share container ids"},
		{"overlap outside", lines(0, 1000, 1, 1, 990, 11), "id map lines 1 (0:1000:1) and 2 (1:990:11) share host ids"},
	} {
		if got := text(c.m.Validate()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOwned(t *testing.T) {
	for _, c := range []struct {
		name  string
		m     Map
		owned []Range
		want  string
	}{
		{"full", lines(0, 1000, 1, 1, 100000, 65536), []Range{{100000, 65536}}, ""},
		{"part of a range", lines(0, 100005, 10), []Range{{100000, 65536}}, ""},
		{"single", One(33, 1000), nil, ""},
		{"over two ranges that touch", lines(0, 10, 20), []Range{{20, 10}, {10, 10}}, ""},
		{"over two ranges that overlap", lines(0, 10, 20), []Range{{10, 15}, {12, 18}, {0, 0}}, ""},
		{"range past the last id", lines(0, 4294967290, 5), []Range{{4294967290, 100}}, ""},
		{"nobody's", lines(0, 1000, 1, 1, 5, 3), []Range{{100000, 65536}},
			"id map line 2 (1:5:3): host id 5-7 is not in the caller's ranges"},
		{"one too many", lines(0, 1000, 1, 1, 100000, 65537), []Range{{100000, 65536}},
			"id map line 2 (1:100000:65537): host id 165536 is not in the caller's ranges"},
		{"hole", lines(0, 10, 20), []Range{{10, 5}, {18, 50}},
			"id map line 1 (0:10:20): host id 15-17 is not in the caller's ranges"},
		{"root's", lines(0, 0, 1), []Range{{100000, 65536}}, "id map line 1 (0:0:1): host id 0 is not in the caller's ranges"},
		{"own id among others", lines(0, 1000, 3), []Range{{1001, 5}},
			"id map line 1 (0:1000:3): host id 1000 is not in the caller's ranges: the caller's own id needs a line of its own, of size 1"},
	} {
		if got := text(c.m.Owned(1000, c.owned)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
