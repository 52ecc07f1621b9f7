package main

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A command carries itself out. Its flags are the fields of the struct behind it.
type command interface {
	Run(*App) error
}

// An entry is one command in the list of all.
type entry struct {
	name, help string
	make       func() command
}

// commands lists all commands in the order of the help. It is a function so that nothing is made at start-up.
func commands() []entry {
	return []entry{
		{"run", "Create a container, start it, wait for it and delete it.", func() command { return new(runCmd) }},
		{"create", "Create a container; its process waits for start.", func() command { return new(createCmd) }},
		{"start", "Let the process of a created container begin.", func() command { return new(startCmd) }},
		{"exec", "Run one more process in a container.", func() command { return new(execCmd) }},
		{"kill", "Send a signal to a container.", func() command { return new(killCmd) }},
		{"delete", "Delete a stopped container.", func() command { return new(deleteCmd) }},
		{"state", "Print the state of a container as JSON.", func() command { return new(stateCmd) }},
		{"list", "List the containers.", func() command { return new(listCmd) }},
		{"ps", "List the processes of a container.", func() command { return new(psCmd) }},
		{"port", "List the published ports of a container, or change them.", func() command { return new(portCmd) }},
		{"pause", "Stop every process of a container for a while.", func() command { return new(pauseCmd) }},
		{"resume", "Let the processes of a paused container go on.", func() command { return new(resumeCmd) }},
		{"update", "Change the limits of a container.", func() command { return new(updateCmd) }},
		{"stats", "Show what containers use, live.", func() command { return new(statsCmd) }},
		{"events", "Print what a container uses, and each OOM kill, as JSON.", func() command { return new(eventsCmd) }},
		{"checkpoint", "Freeze a container to files; not possible without root today.", func() command { return new(checkpointCmd) }},
		{"restore", "Bring a frozen container back; not possible without root today.", func() command { return new(restoreCmd) }},
		{"spec", "Write a config.json to begin with.", func() command { return new(specCmd) }},
		{"plan", "Print what run would do, without doing it.", func() command { return new(planCmd) }},
		{"unshare", "Run a command as root of your ids, outside of any container.", func() command { return new(unshareCmd) }},
		{"features", "Print what this runtime supports as JSON.", func() command { return new(featuresCmd) }},
		{"completion", "Print a completion script for a shell.", func() command { return new(completionCmd) }},
		{"version", "Print the version.", func() command { return new(versionCmd) }},
	}
}

const description = "urun runs OCI containers without root. " +
	"The bundle is a directory with a config.json and a root file system; the container is known by the id you give it."

// parse fills app.Globals and the command that l names, both from their tags. kong is shown as little as will do; only when it
// is not pleased, or help is asked for, all of it.
func parse(l line, app *App) (command, error) {
	for _, e := range commands() {
		if e.name == l.command && !l.help && !asksHelp(l.args) {
			if cmd, err := parseLean(l, e, app); err == nil {
				return cmd, nil
			}
		}
	}
	return parseFull(l, app)
}

// parseLean parses a line of the command e that asks for nothing unusual.
func parseLean(l line, e entry, app *App) (command, error) {
	cmd := e.make()
	globals, flags := slim(&app.Globals, l.args), slim(cmd, l.args)
	e.help = "" // a text in which kong would look for variables
	k, err := model(app, globals.grammar(), []entry{e}, []any{flags.grammar()})
	if err != nil {
		return nil, err
	}
	node := k.Model.Children[0]
	args, err := canonical(l.args, slices.Concat(k.Model.Flags, node.Flags), ownWords(node))
	if err == nil {
		_, err = k.Parse(args)
	}
	globals.fill()
	flags.fill()
	return cmd, err
}

// parseFull parses any line, and says what is wrong with it.
func parseFull(l line, app *App) (command, error) {
	chosen, all := entry{}, commands()
	for _, e := range all {
		if e.name == l.command {
			chosen, all = e, []entry{e}
		}
	}
	if l.help || len(l.args) == 0 {
		l.args = []string{"--help"}
	}
	k, cmds, err := fullModel(all, app)
	if err != nil {
		return nil, err
	}
	if asksHelp(l.args) {
		explain(k)
	}
	if chosen.name == "" && l.command != "" {
		l.args = []string{l.command} // kong looks for the nearest name
	}
	flags, own := k.Model.Flags, 0
	if chosen.name != "" {
		node := k.Model.Children[0]
		flags, own = slices.Concat(flags, node.Flags), ownWords(node)
	}
	args, err := canonical(l.args, flags, own)
	if err == nil {
		_, err = k.Parse(args)
	}
	var unwritten *fs.PathError
	switch {
	case errors.Is(err, errHelp), errors.As(err, &unwritten): // given, or there was no place for it
		return nil, err
	case err != nil:
		app.logFrom(args)
		return nil, misused(chosen.name, err, flags)
	}
	return cmds[0], nil
}

// logFrom takes the flags of the log from args that kong has refused: the client that reads nothing but the log
// shall learn of a misspelt flag as well.
func (g *Globals) logFrom(args []string) {
	for _, a := range args {
		if file, ok := strings.CutPrefix(a, "--log="); ok {
			g.Log = file
		}
		if format, ok := strings.CutPrefix(a, "--log-format="); ok {
			g.LogFormat = format
		}
		if a == "--" {
			return
		}
	}
}

// fullModel builds kong's model of the given commands and of the global flags.
func fullModel(entries []entry, app *App) (k *kong.Kong, cmds []command, err error) {
	var grammars []any
	for _, e := range entries {
		cmd := e.make()
		cmds, grammars = append(cmds, cmd), append(grammars, cmd)
	}
	k, err = model(app, &app.Globals, entries, grammars, kong.Description(description))
	return k, cmds, err
}

// model builds kong's model from pointers to structs with tags: one for the global flags, and one for each command.
func model(app *App, globals any, entries []entry, grammars []any, more ...kong.Option) (*kong.Kong, error) {
	options := append(more, kong.Name("urun"), kong.Writers(app.Stdout, app.Stderr), kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoAppSummary: true, WrapUpperBound: 100}),
		kong.KindMapper(reflect.String, kong.MapperFunc(takeWord)))
	for i, e := range entries {
		options = append(options, kong.DynamicCommand(e.name, e.help, "", grammars[i]))
	}
	k, err := kong.New(globals, options...)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err) // a slip in a tag; a test builds the whole model
	}
	k.Model.HelpFlag = byName(k.Model.Flags, "help") // makes kong end the help with a pointer to more help
	return k, nil
}

// takeWord sets a string to the next word as it is. kong's own way leads through JSON, which has no place for a file name that is
// not UTF-8, and whose first use costs 30 microseconds.
func takeWord(ctx *kong.DecodeContext, target reflect.Value) error {
	word, err := ctx.Scan.PopValue("string")
	if err == nil {
		target.SetString(word.String())
	}
	return err
}

// ownWords is the number of words up to the command of the container, the name of our command counted in, or 0
// where no such command follows. The tag `verbatim` marks the field that takes it.
func ownWords(node *kong.Node) int {
	for i, p := range node.Positional {
		if p.Tag.Has("verbatim") {
			return i + 1
		}
	}
	return 0
}
