package container

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/host"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
)

// hinted is an error with advice.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

// Hint is what to do about it.
func (e *hinted) Hint() string { return e.hint }

// explain adds the host's reason to an error of the birth, where one is known.
func explain(err error) error {
	var born *sandbox.BirthError
	var maps *sandbox.MapError
	var failed *sandbox.StepError
	doing := ""
	switch {
	case errors.As(err, &born):
		doing = host.Clone
	case errors.As(err, &maps):
		doing = "newuidmap"
	case errors.As(err, &failed) && perhapsTheHosts(failed):
		doing = failed.Text
	default:
		return err
	}
	return because(doing, err)
}

// because adds what the host is known to have against it.
func because(doing string, err error) error {
	cause := host.Explain(doing, err)
	if cause.Why != "" {
		err = fmt.Errorf("%w (%s)", err, cause.Why)
	}
	if cause.Fix == "" {
		return err
	}
	return &hinted{err, cause.Fix}
}

// perhapsTheHosts says whether the host may be the reason of a step's failure. A command that may not be executed is the
// container's own affair, and a step that has words for a missing call knows better.
func perhapsTheHosts(e *sandbox.StepError) bool {
	switch e.Errno {
	case unix.EPERM, unix.EACCES:
		return !strings.HasPrefix(e.Text, "exec: ")
	case unix.ENOSYS:
		return !e.Explained
	}
	return false
}

// addressed puts the key of the config before the failure of a step, where the step alone does not tell it.
func addressed(p plan.Plan, err error) error {
	var failed *sandbox.StepError
	if errors.As(err, &failed) {
		if key := p.Key(failed.Step - 1); key != "" {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return err
}
