package main

import (
	"strings"
	"testing"
)

func TestFilterPs(t *testing.T) {
	const out = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 10:00 ?        00:00:00 init
100099      4711       1  0 10:00 ?        00:00:00 redis-server *:6379
100099      4712       1  0 10:00 ?        00:00:00 sh -c 4713
`
	var b strings.Builder
	if err := filterPs(&b, out, []int{4711, 4713}); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out, "\n")
	if want := lines[0] + lines[2]; b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

func TestFilterPsRefuses(t *testing.T) {
	for out, want := range map[string]string{
		"":                   "couldn't find PID field in ps output",
		"CMD\nsh\n":          "couldn't find PID field in ps output",
		"UID PID\nroot\n":    `unable to parse pid: no column 2 in "root\n"`,
		"UID PID\nroot x1\n": `unable to parse pid: strconv.Atoi: parsing "x1": invalid syntax`,
	} {
		if err := filterPs(new(strings.Builder), out, nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", out, err, want)
		}
	}
}

func TestPrintPids(t *testing.T) {
	var b strings.Builder
	if err := printPids(&b, []int{7, 12}); err != nil || b.String() != "PID\n7\n12\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
