package main

import (
	"fmt"
	"io"

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
	place string // the state directory, once it is known
	quiet bool   // nothing but errors may reach stderr, which a program may read together with stdout
	code  int    // the exit code; run and exec set it

	creates bool // the command makes a container
}

// Runtime returns the verbs that work on the state directory.
func (app *App) Runtime() (*container.Runtime, error) {
	root, err := app.root()
	if err != nil {
		return nil, err
	}
	app.place = root
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
	if !app.quiet || isTerminal(app.Stdout) && isTerminal(app.Stderr) { // a person looks at both
		word := map[level]string{warning: "notice", detail: "debug"}[l]
		fmt.Fprintf(app.Stderr, "urun: %s: %s\n", word, oneLine(msg))
	}
}
