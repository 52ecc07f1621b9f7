package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urun/urun/pkg/container"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// App is what a command works with: the global flags, the three streams, the log.
type App struct {
	Globals
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	log   *logger
	quiet bool // nothing but errors may reach stderr: a program reads it together with stdout
	code  int  // the exit code; run and exec set it
}

// Runtime opens the state directory and returns the verbs that work on it.
func (app *App) Runtime() (*container.Runtime, error) {
	flag := app.Root
	if flag != "" {
		abs, err := filepath.Abs(flag)
		if err != nil {
			return nil, fmt.Errorf("--root: %w", err)
		}
		flag = abs
	}
	root, notice, err := state.Root(flag)
	if err != nil {
		return nil, err
	}
	if notice != "" {
		app.warn(notice)
	}
	return app.runtime(root), nil
}

// runtime is Runtime for a state directory that is known; the verbs that only read a bundle need none.
func (app *App) runtime(root string) *container.Runtime {
	return &container.Runtime{
		Store:  state.Store{Root: root},
		Strict: app.Strict,

		CgroupManager: app.manager(),
		Notify:        func(n plan.Notice) { app.warn(n.String()) },
		Warn:          app.warn,
		Debug:         app.debug,
	}
}

// manager is who shall make the container's cgroup.
func (app *App) manager() string {
	if app.CgroupManager == "" && app.SystemdCgroup {
		return plan.BySystemd
	}
	return app.CgroupManager
}

// warn tells the user what is not as asked.
func (app *App) warn(msg string) { app.say(warning, msg) }

// debug tells what only --debug shows.
func (app *App) debug(msg string) { app.say(detail, msg) }

func (app *App) say(l level, msg string) {
	if l > app.threshold() {
		return
	}
	if app.log != nil {
		app.log.write(l, brief(msg))
		return
	}
	if !app.quiet {
		word := map[level]string{warning: "notice", detail: "debug"}[l]
		fmt.Fprintf(app.Stderr, "urun: %s: %s\n", word, oneLine(msg))
	}
}

// fail reports the error that ends the program, on stderr and in the log; the hints follow.
func (app *App) fail(err error) {
	fmt.Fprintln(app.Stderr, "urun:", oneLine(err.Error()))
	var hinter interface{ Hint() string }
	var hints []string
	if errors.As(err, &hinter) {
		hints = strings.Split(strings.TrimSpace(hinter.Hint()), "\n")
	}
	for _, h := range hints {
		if h != "" {
			fmt.Fprintln(app.Stderr, "  hint:", h)
		}
	}
	if app.log == nil {
		return
	}
	// Clients show the last line of level error, so the hints come first.
	for _, h := range hints {
		if h != "" {
			app.log.write(warning, "hint: "+h)
		}
	}
	app.log.write(failure, brief(err.Error()))
}
