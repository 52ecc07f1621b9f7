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

// WithHint adds to an error what can be done about it: a line, or several.
func WithHint(err error, hint string) error { return &hinted{err, hint} }

func (e *hinted) Unwrap() error { return e.error }

// Hint is what to do about it.
func (e *hinted) Hint() string { return e.hint }

// explain adds to an error of a container's process what is known about its reason.
func explain(err error) error {
	var failed *sandbox.StepError
	if errors.As(err, &failed) && strings.HasPrefix(failed.Text, execPrefix) {
		return noCommand(failed, err)
	}
	return explainHost(err)
}

// explainHost adds the host's reason to an error of the birth, where one is known.
func explainHost(err error) error {
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
	return WithHint(err, cause.Fix)
}

// execPrefix begins the words for a command that cannot be run, which clients know.
const execPrefix = "exec: "

// noCommand adds to those words, which are short, where the command is looked for.
func noCommand(failed *sandbox.StepError, err error) error {
	switch {
	case failed.Errno == unix.ENOENT && strings.HasSuffix(failed.Text, "$PATH"):
		return WithHint(err, "it is looked for in the container's root file system, by the PATH of the process there")
	case failed.Errno == unix.ENOENT:
		return WithHint(err, "it is looked for in the container's root file system; what it is loaded by must be there too")
	case failed.Errno == unix.EACCES:
		return WithHint(err, "it is a directory, or lacks the permission to be executed, or lies on a mount with noexec")
	}
	return err
}

// perhapsTheHosts says whether the host may be the reason of a step's failure. A command that may not be executed is the
// caller's affair, and a step that has words for a missing call knows better.
func perhapsTheHosts(e *sandbox.StepError) bool {
	switch e.Errno {
	case unix.EPERM, unix.EACCES:
		return !strings.HasPrefix(e.Text, execPrefix)
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
