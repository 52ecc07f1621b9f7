package step_test

import (
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// failing fails with an errno.
func failing(errno syscall.Errno) step.Step { return fails{errno} }

func TestOptional(t *testing.T) {
	for name, tc := range map[string]struct {
		s     step.Optional
		notes string
	}{
		"that succeeds":              {step.Optional{Step: step.Umask{}, On: []syscall.Errno{unix.EPERM}, Noted: 1}, "[]"},
		"that fails":                 {step.Optional{Step: failing(unix.EPERM), On: []syscall.Errno{unix.EPERM}}, "[]"},
		"that fails and is noted":    {step.Optional{Step: failing(unix.EPERM), On: []syscall.Errno{unix.EPERM}, Noted: 3}, "[2]"},
		"that fails in whatever way": {step.Optional{Step: failing(unix.EXDEV), On: []syscall.Errno{0xffff}, Noted: 1}, "[0]"},
		"of several calls":           {step.Optional{Step: step.OOMScore{Adj: 5000}, On: []syscall.Errno{unix.EINVAL}, Noted: 1}, "[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(world(t, tc.s).notes); got != tc.notes {
				t.Errorf("notes %s, want %s", got, tc.notes)
			}
		})
	}
}

func TestOptionalHasItsLimits(t *testing.T) {
	s := step.Optional{Step: failing(unix.EIO), On: []syscall.Errno{unix.EPERM, unix.ENOENT}}
	_, err := start(t, newWorld, nil, append(asRoot(), s)...)
	wantErrno(t, err, "fail (optional)", unix.EIO)
}

func TestLadder(t *testing.T) {
	on := []syscall.Errno{unix.EPERM, unix.EBUSY}
	good := step.Umask{}
	for name, tc := range map[string]struct {
		rungs []step.Rung
		notes string
		errno syscall.Errno
	}{
		"the first":           {[]step.Rung{{Step: good}, {Step: good, Noted: 1}}, "[]", 0},
		"the first, noted":    {[]step.Rung{{Step: good, Noted: 2}, {Step: good, Noted: 1}}, "[1]", 0},
		"the second":          {[]step.Rung{{Step: failing(unix.EPERM), Noted: 9}, {Step: good, Noted: 1}}, "[0]", 0},
		"the third":           {[]step.Rung{{Step: failing(unix.EPERM)}, {Step: failing(unix.EBUSY), Noted: 1}, {Step: good, Noted: 2}}, "[1]", 0},
		"none":                {[]step.Rung{{Step: failing(unix.EPERM)}, {Step: failing(unix.EBUSY), Noted: 1}}, "[]", unix.EBUSY},
		"another errno":       {[]step.Rung{{Step: failing(unix.EIO)}, {Step: good}}, "[]", unix.EIO},
		"one rung that holds": {[]step.Rung{{Step: good, Noted: 1}}, "[0]", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := step.Ladder{Rungs: tc.rungs, On: on}
			c, err := start(t, newWorld, nil, append(asRoot(), s, step.Ready{})...)
			if tc.errno != 0 {
				wantErrno(t, err, s.String(), tc.errno)
			} else if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(c.notes); got != tc.notes {
				t.Errorf("notes %s, want %s", got, tc.notes)
			}
		})
	}
}

// TestLadderOfMounts: a rung that fails halfway leaves the next one a clean start.
func TestLadderOfMounts(t *testing.T) {
	s := step.Ladder{On: []syscall.Errno{unix.EPERM, unix.ENODEV}, Rungs: []step.Rung{
		{Step: step.Mount{Type: "nosuchfs", Source: "x", Dest: "/a/b"}},
		{Step: step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/a/b"}, Noted: 1},
	}}
	c := world(t, inside(tree(t, nil), s)...)
	if m := c.mount(t, "/a/b"); m.fstype != "tmpfs" || len(c.notes) != 1 {
		t.Errorf("a %s is mounted, notes %v", m.fstype, c.notes)
	}
}
