package sandbox

import (
	"errors"
	"math"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

func TestTooLarge(t *testing.T) {
	p := newborn(step.Exec{Files: []string{"/bin/true"}, Args: make([]string, math.MaxUint16)})
	leavesNothing(t, func() {
		_, err := Start(p, Options{})
		wantText(t, err, "too much to set up")
	})
}

func TestBirthRefused(t *testing.T) {
	p := newborn()
	p.Birth.Flags = unix.CLONE_NEWUSER | unix.CLONE_FS // which clone(2) refuses together
	leavesNothing(t, func() {
		_, err := Start(p, Options{})
		var birth *BirthError
		if !errors.As(err, &birth) || !errors.Is(err, unix.EINVAL) {
			t.Fatalf("got %v", err)
		}
		wantText(t, err, "make namespaces user: invalid argument")
	})
	wantText(t, &BirthError{Err: unix.EAGAIN}, "fork: resource temporarily unavailable")
}
