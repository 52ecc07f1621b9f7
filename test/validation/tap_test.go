package validation

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An outcome is what a program left behind.
type outcome struct {
	code           int // exit code
	stdout, stderr string
}

var (
	point  = regexp.MustCompile(`^(not )?ok \d+(?: - (.*)| # (.*))?$`)
	plan   = regexp.MustCompile(`^1\.\.(\d+)$`)
	reason = regexp.MustCompile(`^ +"(error|stderr)": "(.+)",?$`)
)

// failures lists what is wrong with an outcome, by TAP (testanything.org) and by the suite's own habits: a program that cannot go
// on says why on stderr and exits with 1, and the programs about hooks have no test points, only a diagnostic with an "error". Else
// a diagnostic belongs to the test point before it.
func failures(o outcome) (all []string) {
	points, planned, diagnosed, failed := 0, -1, "", false
	for line := range strings.Lines(o.stdout) {
		line = strings.TrimRight(line, "\n")
		if m := point.FindStringSubmatch(line); m != nil {
			points++
			if failed = m[1] != ""; failed {
				all = append(all, m[2])
			}
		} else if m := plan.FindStringSubmatch(line); m != nil {
			planned, _ = strconv.Atoi(m[1])
		} else if m := reason.FindStringSubmatch(line); m != nil && failed {
			all[len(all)-1] += ": " + m[2]
		} else if m != nil && m[1] == "error" {
			diagnosed = m[2]
		}
	}
	if points == 0 && diagnosed != "" {
		all = append(all, diagnosed)
	}
	if planned >= 0 && planned != points {
		all = append(all, fmt.Sprintf("%d test points, and %d are planned", points, planned))
	}
	if i := strings.Index(o.stderr, "WARNING: "); i >= 0 {
		all = append(all, o.stderr[i:])
	}
	if o.code != 0 {
		lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
		all = append(all, fmt.Sprintf("exit code %d: %s", o.code, lines[len(lines)-1]))
	} else if points == 0 && planned < 0 && o.stdout != "" {
		all = append(all, "neither test points nor a plan")
	}
	return all
}

func TestFailures(t *testing.T) {
	const head = "TAP version 13\n"
	for name, tc := range map[string]struct {
		outcome
		want []string
	}{
		"good":             {outcome{0, head + "ok 1 - a\nok 2 # SKIP b\n1..2\n", "a word\n"}, nil},
		"one of two":       {outcome{0, head + "ok 1 - a\nnot ok 2 - b\n1..2\n", ""}, []string{"b"}},
		"ended early":      {outcome{0, "1..3\nok 1 - a\n", ""}, []string{"1 test points, and 3 are planned"}},
		"with its reason":  {outcome{0, head + "not ok 1 - a\n  {\n    \"error\": \"exit status 1\",\n    \"stderr\": \"urun: no\"\n  }\nok 2 - b\n    \"error\": \"c\",\n1..2\n", ""}, []string{"a: exit status 1: urun: no"}},
		"could not go on":  {outcome{1, head + "ok 1 - a\n", "x\nno rootfs\n"}, []string{"exit code 1: no rootfs"}},
		"a hook was wrong": {outcome{0, head + "  ---\n  {\n    \"error\": \"too late\"\n  }\n  ...\n1..0\n", ""}, []string{"too late"}},
		"hooks were right": {outcome{0, head + "1..0\n", ""}, nil},
		"expected error":   {outcome{0, head + "ok 1 - a\n    \"error\": \"exit status 1\",\n1..1\n", ""}, nil},
		"a warning":        {outcome{0, head + "1..0\n", "WARNING: not called\n"}, []string{"WARNING: not called\n"}},
		"says nothing":     {outcome{0, "", ""}, nil},
		"says no plan":     {outcome{0, head, ""}, []string{"neither test points nor a plan"}},
		"killed":           {outcome{-1, "", ""}, []string{"exit code -1: "}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := failures(tc.outcome); !slices.Equal(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
