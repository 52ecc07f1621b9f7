package plan

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// clocks are those of time_namespaces(7).
var clocks = [...]string{"boottime", "monotonic"}

// timeOffsets settles how the container comes by a time namespace whose clocks are set. They can be set only before the
// first process is in it, and a process that clone3(2) puts there is in it already. So the process is born without the time
// namespace, makes it, sets the clocks, and forks into it; the pid namespace waits for that fork, whose child is its first
// process. lines is empty where the config has no offsets.
func (c *compiler) timeOffsets() (lines []string, err error) {
	offsets := c.spec.Linux.TimeOffsets
	if len(offsets) == 0 {
		return nil, nil
	}
	names := make([]string, 0, len(offsets))
	for clock := range offsets {
		names = append(names, clock)
	}
	slices.Sort(names)
	for _, clock := range names {
		o := offsets[clock]
		if !slices.Contains(clocks[:], clock) {
			return nil, fmt.Errorf("linux.timeOffsets: unknown clock %q", clock)
		}
		if o.Nanosecs > 999_999_999 {
			return nil, fmt.Errorf("linux.timeOffsets.%s.nanosecs: %d is not in 0…999999999", clock, o.Nanosecs)
		}
		lines = append(lines, fmt.Sprintf("%s %d %d", clock, o.Secs, o.Nanosecs))
	}
	switch {
	case !c.own(unix.CLONE_NEWTIME):
		return nil, errors.New("linux.timeOffsets: given without a time namespace: the clocks would be the host's")
	case c.joined(unix.CLONE_NEWTIME):
		return nil, errors.New("linux.timeOffsets: given with a time namespace that exists already: its clocks cannot be set any more")
	case c.joined(unix.CLONE_NEWUSER):
		return nil, errors.New("linux.timeOffsets: cannot be had with a user namespace that exists already: to set the clocks urun" +
			" would have to lay its memory open to those who live there")
	}
	return lines, nil
}

// reborn emits the making of the time namespace and the fork into it. waiting are the new namespaces that the fork enters.
func (c *compiler) reborn(lines []string, waiting uint64) {
	if len(lines) == 0 {
		return
	}
	hidden := len(c.plan.Birth.Joins) > 0
	if hidden {
		c.add(step.Dumpable{})
	}
	c.add(step.TimeOffsets{Offsets: lines})
	if hidden {
		c.add(step.Undumpable{})
	}
	c.add(step.Fork{Flags: waiting})
}
