package step_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

// uptime is the boot time in seconds.
func uptime(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		t.Fatal(err)
	}
	return int64(now.Sec)
}

// TestTimeOffsets: a process behind the fork sees the clocks shifted, with a new pid namespace and without.
func TestTimeOffsets(t *testing.T) {
	for name, flags := range map[string]uint64{"pid namespace": unix.CLONE_NEWPID, "none": 0} {
		t.Run(name, func(t *testing.T) {
			for _, shift := range []int64{1_000_000, -uptime(t) / 2} {
				lines := []string{fmt.Sprintf("boottime %d 0", shift), "monotonic 77 500000000"}
				before := uptime(t)
				said := answer(t, newWorld, append(asRoot(), step.TimeOffsets{Offsets: lines}, step.Fork{Flags: flags}, saying(t, "clock"))...)
				var got int64
				if _, err := fmt.Sscan(said, &got); err != nil {
					t.Fatalf("%q: %v", said, err)
				}
				if past := got - shift; past < before || past > uptime(t) {
					t.Errorf("the boot time is %d there, and %d here, want %d more", got, before, shift)
				}
			}
		})
	}
}

func TestTimeOffsetsRefused(t *testing.T) {
	early := step.TimeOffsets{Offsets: []string{fmt.Sprintf("boottime %d 0", -uptime(t)-1_000_000)}}
	_, err := start(t, newWorld, nil, append(asRoot(), early, step.Fork{})...)
	if f := wantErrno(t, err, early.String(), unix.ERANGE); !strings.Contains(f.explain, "the clock would be before 0 or too far away") {
		t.Errorf("explained as %q", f.explain)
	}
	if os.Getuid() == 0 { // who may write there in any case
		return
	}
	one := step.TimeOffsets{Offsets: []string{"boottime 1 0"}}
	_, err = start(t, newWorld, nil, append(asRoot(), step.Undumpable{}, one, step.Fork{})...)
	wantErrno(t, err, one.String(), unix.EACCES) // why it has to be dumpable
}
