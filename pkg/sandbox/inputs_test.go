package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

// joinOwn joins a namespace that we are in already.
func joinOwn(t *testing.T) []plan.JoinPath {
	t.Helper()
	return []plan.JoinPath{{Flag: unix.CLONE_NEWUTS, Path: "/proc/self/ns/uts", Input: "uts"}}
}

// gaps renders the ranges of values that a child closes.
func gaps(values map[string]uint64) string {
	var s []string
	for i := range step.MaxGaps {
		first, last := step.Gap(i)
		if a, ok := values[first]; ok {
			s = append(s, strings.Replace(fmt.Sprintf("%d-%d", a, values[last]), "4294967295", "", 1))
		}
	}
	return strings.Join(s, " ")
}

func TestGaps(t *testing.T) {
	for _, c := range []struct {
		inputs   []int
		preserve int
		want     string
	}{
		{nil, 0, "3-"},
		{nil, 2, "5-"},
		{[]int{3}, 0, "4-"},
		{[]int{7}, 0, "3-6 8-"},
		{[]int{9, 4, 5, 4}, 0, "3-3 6-8 10-"},
		{[]int{4, 1, 8}, 3, "6-7 9-"}, // what is preserved is kept anyway
		{[]int{-1, 5}, 0, "3-4 6-"},
		{[]int{4, 6, 8, 10, 12, 14, 16}, 0, "3-3 5-5 7-7 9-9 11-11 13-13 15-15 17-"},
		// Beyond the limit a descriptor more stays open, but none that is needed is closed, nor any behind the last.
		{[]int{4, 6, 8, 10, 12, 14, 16, 18, 20}, 0, "3-3 5-5 7-7 9-9 11-11 13-13 15-15 21-"},
	} {
		inputs := map[string]int{}
		for i, fd := range c.inputs {
			inputs[fmt.Sprint("in", i)] = fd
		}
		values := linkInputs(inputs, c.preserve)
		if got := gaps(values); got != c.want {
			t.Errorf("inputs %v, preserve %d: closes %s, want %s", c.inputs, c.preserve, got, c.want)
		}
		for name, fd := range inputs {
			if values[name] != uint64(fd) {
				t.Errorf("%s is %d, want %d", name, values[name], fd)
			}
		}
	}
}

func TestChildKeepsOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	secret, err := os.Create(filepath.Join(dir, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	given, err := os.Create(filepath.Join(dir, "given"))
	if err != nil {
		t.Fatal(err)
	}
	defer given.Close()
	use := keeps{"given"}
	c := start(t, newborn(use, step.Ready{}, shell("exit 0")), Options{Inputs: map[string]int{"given": int(given.Fd())}})
	open := map[string]bool{}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", c.Pid, e.Name()))
		open[filepath.Base(target)] = true
	}
	if open["secret"] || !open["given"] || len(entries) > 5 {
		t.Errorf("the waiting child has %v", open)
	}
}

// keeps is a step that only names an input.
type keeps struct{ input string }

func (keeps) String() string { return "use an input" }

func (s keeps) Emit(p *program.Program) { p.Input(s.input) }

func TestJoins(t *testing.T) {
	for _, c := range []struct {
		name, path string
		flag       uint64
		want       string
	}{
		{"missing", "/proc/self/ns/nothing", unix.CLONE_NEWUTS, "open namespace /proc/self/ns/nothing: no such file"},
		{"of another kind", "/proc/self/ns/net", unix.CLONE_NEWUTS, "not a namespace of the kind"},
		{"no namespace", "/dev/null", unix.CLONE_NEWUTS, "not a namespace of the kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newborn(shell("exit 0"))
			p.Birth.Joins = append(joinOwn(t), plan.JoinPath{Flag: c.flag, Path: c.path, Input: "x"})
			leavesNothing(t, func() {
				_, err := Start(p, Options{})
				wantText(t, err, c.want)
			})
		})
	}
	p := newborn(keeps{"uts"}, step.Fork{}, step.Ready{})
	p.Birth.Joins = joinOwn(t)
	leavesNothing(t, func() { end(start(t, p, Options{})) })
}
