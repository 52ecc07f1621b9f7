package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

const month = 30 * 24 * 3600

// shifted gives the container a time namespace whose clocks are a month ahead.
func shifted(s *specs.Spec) {
	namespace(specs.TimeNamespace, "")(s)
	s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: month}, "monotonic": {Secs: month, Nanosecs: 5}}
}

// ahead asks that the boot time that was printed is a month after ours.
func (r result) ahead() {
	r.t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(r.stdout) {
		var there int64
		if _, err := fmt.Sscan(line, &there); err != nil {
			r.t.Fatalf("%v\n%s", err, r)
		}
		if past := there - month - int64(now.Sec); past > 0 || past < -int64(patience.Seconds()) {
			r.t.Errorf("the boot time differs by %d s from what it should be\n%s", past, r)
		}
	}
}

// TestTimeOffsets: with a pid namespace and without, with a range of ids and with one, in the foreground and by create and
// start; exec has the container's clocks, and what is in /proc/uptime.
func TestTimeOffsets(t *testing.T) {
	for name, more := range map[string]change{
		"range":            func(*specs.Spec) {},
		"one id":           singleMap,
		"no pid namespace": func(s *specs.Spec) { withoutNamespace(specs.PIDNamespace)(s); withoutMount("/proc")(s) },
	} {
		t.Run(name, func(t *testing.T) {
			newCaller(t).run(shifted, more, inside("clock")).exits(0).ahead()
			c := newCaller(t)
			c.created(shifted, more, inside("forever"))
			c.must("start", c.id)
			c.exec("", "clock").exits(0).ahead()
		})
	}
	newCaller(t).run(shifted, inside("cat /proc/uptime")).exits(0).ahead()
}

// TestTimeOffsetsKeepThePid: the container's process is still the first of its pid namespace, and hooks find it.
func TestTimeOffsetsKeepThePid(t *testing.T) {
	c := newCaller(t)
	c.run(shifted, inside("sid -- pids"), hookOf("createContainer", sh("cat >/dev/null"))).exits(0).prints("pid=1 pgid=1 sid=1", "1")
	c.nothingLeft()
}

func TestTimeOffsetsRefused(t *testing.T) {
	offsets := func(clock string, o specs.LinuxTimeOffset) change {
		return func(s *specs.Spec) { s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{clock: o} }
	}
	c := newCaller(t)
	ns := namespace(specs.TimeNamespace, "")
	c.refused(c.bundle(ns, offsets("realtime", specs.LinuxTimeOffset{Secs: 1})), `linux.timeOffsets: unknown clock "realtime"`)
	c.refused(c.bundle(ns, offsets("boottime", specs.LinuxTimeOffset{Nanosecs: 1e9})), "linux.timeOffsets.boottime.nanosecs: 1000000000 is not in 0…999999999")
	c.refused(c.bundle(ns, offsets("boottime", specs.LinuxTimeOffset{Secs: -1 << 40})), "time namespace with boottime", "before 0 or too far away (linux.timeOffsets)")
	c.refused(c.bundle(offsets("boottime", specs.LinuxTimeOffset{Secs: 1})), "linux.timeOffsets: given without a time namespace")
}
