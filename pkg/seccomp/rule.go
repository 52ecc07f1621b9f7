package seccomp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// maxErrno is what the kernel cuts the errno of a filter to (MAX_ERRNO).
const maxErrno = 4095

// returned is what a filter returns for an action. The keys are the places in the config, for errors.
func returned(action specs.LinuxSeccompAction, errno *uint, actionKey, errnoKey string) (uint32, error) {
	ret, ok := valueOf(actions[:], string(action))
	if !ok {
		return 0, fmt.Errorf("%s: %w", actionKey, unknown("action", string(action)))
	}
	most := uint(maxErrno)
	switch ret {
	case unix.SECCOMP_RET_TRACE:
		most = unix.SECCOMP_RET_DATA // a message to the tracer, not only an errno
	case unix.SECCOMP_RET_ERRNO:
	default:
		if errno != nil {
			return 0, fmt.Errorf("%s: %s has no errno", errnoKey, action)
		}
		return ret, nil
	}
	switch {
	case errno == nil:
		return ret | uint32(unix.EPERM), nil
	case *errno > most:
		return 0, fmt.Errorf("%s: %d: at most %d", errnoKey, *errno, most)
	}
	return ret | uint32(*errno), nil
}

func unknown(what, name string) error {
	if name == "" {
		return errors.New("missing")
	}
	return fmt.Errorf("unknown %s %.80q", what, name)
}

func (s *section) readCall(c *specs.LinuxSyscall, listenerPath string) error {
	ret, err := returned(c.Action, c.ErrnoRet, "action", "errnoRet")
	if err != nil {
		return err
	}
	if ret == unix.SECCOMP_RET_USER_NOTIF {
		if listenerPath == "" {
			return fmt.Errorf("action: %s, and there is no listenerPath", c.Action)
		}
		if i := slices.Index(c.Names, "write"); i >= 0 {
			return fmt.Errorf("names[%d]: %s for write would stop the container before its listener hears of it", i, c.Action)
		}
		s.listener = true
	}
	rules, err := readArgs(c.Args, ret)
	if err != nil {
		return err
	}
	if ret == s.fallback {
		rules = nil
	}
	return s.readNames(c.Names, rules)
}

// readNames holds the rules for each name. A name counts without rules too: see profile.newest.
func (s *section) readNames(names []string, rules []*rule) error {
	if len(names) == 0 {
		return errors.New("names: missing")
	}
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("names[%d]: empty", i)
		}
		row := rowOf(name)
		mux, is, via := muxed(name)
		switch {
		case s.anyHas(row):
			s.verdicts[row].named = true
			s.rule(row, rules)
		case !via || !s.anyHas(mux):
			s.skipped = append(s.skipped, name)
		}
		if via {
			s.ruleMuxed(mux, is, rules)
		}
	}
	return nil
}

// anyHas says whether a call exists on any architecture of the filter.
func (s *section) anyHas(row int) bool {
	return slices.ContainsFunc(s.archs, func(a *arch) bool {
		_, ok := a.number(row)
		return ok
	})
}

// readArgs is one rule with all conditions, or, if two are about one argument, a rule for each of them, as runc does.
func readArgs(args []specs.LinuxSeccompArg, ret uint32) ([]*rule, error) {
	all := &rule{ret: ret}
	var each []*rule
	var seen [6]bool
	split := false
	for i, a := range args {
		op, ok := valueOf(operators[:], string(a.Op))
		switch {
		case a.Index > 5:
			return nil, fmt.Errorf("args[%d].index: %d: a system call has arguments 0 to 5", i, a.Index)
		case !ok:
			return nil, fmt.Errorf("args[%d].op: %w", i, unknown("operator", string(a.Op)))
		}
		c := cond{arg: a.Index, op: op, value: a.Value}
		if op == opMaskedEQ {
			c.value, c.mask = a.ValueTwo&a.Value, a.Value
		}
		split = split || seen[a.Index]
		seen[a.Index] = true
		all.conds = append(all.conds, c)
		each = append(each, &rule{conds: []cond{c}, ret: ret})
	}
	if split {
		return each, nil
	}
	return []*rule{all}, nil
}
