// urun lives for milliseconds: the runtime need not keep the files of its cgroup open, nor look again how many cores it may use.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urun/urun/pkg/container"
	"github.com/urun/urun/pkg/copyup"
	_ "github.com/urun/urun/pkg/roomy" // first of all
	"github.com/urun/urun/pkg/sys"
)

func main() {
	if copyup.Asked(os.Args) {
		os.Exit(copyup.Main(os.Args[1:]))
	}
	sys.Calm()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: it carries out args and returns the exit code, having said why when it is not 0.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	line := read(args)
	if line.version {
		return answer(stderr, printVersion(stdout))
	}
	app := &App{Stdin: stdin, Stdout: stdout, Stderr: stderr}
	if line.entersContainer() {
		if err := container.Seal(); err != nil { // before anything is spent on what a second start would repeat
			app.fail(&commandError{command: line.command, err: err})
			return 1
		}
	}
	cmd, err := parse(line, app)
	switch {
	case errors.Is(err, errHelp):
		return 0
	case err != nil:
		_ = app.openLog() // the misspelt flag matters more than the log
		app.fail(err)
		return 1
	case app.Version:
		return answer(stderr, printVersion(stdout))
	}
	return app.carryOut(line.command, cmd)
}

// answer turns the outcome of writing an answer into an exit code.
func answer(stderr io.Writer, err error) int {
	if err != nil {
		fmt.Fprintln(stderr, "urun:", err)
		return 1
	}
	return 0
}

// carryOut runs one parsed command.
func (app *App) carryOut(name string, cmd command) int {
	if err := app.openLog(); err != nil {
		app.fail(err)
		return 1
	}
	defer app.log.Close()
	app.code = 0
	if err := cmd.Run(app); err != nil {
		app.fail(&commandError{command: name, id: subject(cmd), err: err})
		return max(app.code, 1)
	}
	return app.code
}

// A commandError says which command, on which container, met the error.
type commandError struct {
	command, id string
	err         error
}

func (e *commandError) Unwrap() error { return e.err }

func (e *commandError) Error() string {
	where := strings.TrimSpace(e.command + " " + e.id)
	return where + ": " + e.err.Error()
}

// subject is the container that a command is about, or "".
func subject(cmd command) string {
	if about, ok := cmd.(interface{ about() string }); ok {
		return about.about()
	}
	return ""
}
