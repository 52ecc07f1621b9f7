package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urun/urun/pkg/state"
)

// fail reports the error that ends the program, on stderr and in the log; the hints follow.
func (app *App) fail(err error) {
	fmt.Fprintln(app.Stderr, "urun:", oneLine(err.Error()))
	hints := hintsOf(err)
	for _, h := range append(hints, app.advice(err)...) {
		fmt.Fprintln(app.Stderr, "  hint:", oneLine(h))
	}
	if app.log == nil {
		return
	}
	// Clients show the last line of level error, so the hints come first.
	for _, h := range hints {
		app.log.write(warning, "hint: "+brief(h))
	}
	app.log.write(failure, brief(err.Error()))
}

// hintsOf are the lines that an error brings along.
func hintsOf(err error) (hints []string) {
	var hinter interface{ Hint() string }
	if !errors.As(err, &hinter) {
		return nil
	}
	for h := range strings.SplitSeq(hinter.Hint(), "\n") {
		if h != "" {
			hints = append(hints, h)
		}
	}
	return hints
}

// advice is for a person who meets the errors that clients meet all day. The log, which is theirs, does without.
func (app *App) advice(err error) []string {
	switch {
	case app.place == "":
	case errors.Is(err, state.ErrNotExist):
		return []string{"the place looked at is " + app.place + "; urun list lists what is there"}
	case errors.Is(err, state.ErrExists):
		return []string{"urun list lists the ids that are in use, urun delete gives one back"}
	}
	return nil
}
