package main

import (
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// A line is a command line as far as it can be understood without kong.
type line struct {
	args    []string
	command string // the first word that is neither a global flag nor the value of one
	version bool   // the version is asked for before a command, or as one
	help    bool   // help is
}

// read finds the command in args. `urun help run` is turned into `urun run --help`.
func read(args []string) line {
	l := line{args: args}
	for i := 0; i < len(args); i++ {
		word := args[i]
		if !isFlag(word) {
			l.command = word
			l.version = l.version || word == "version" && i == len(args)-1
			if word == "help" {
				l.args = append(append(append([]string{}, args[:i]...), args[i+1:]...), "--help")
				l.command = strings.Join(args[i+1:min(i+2, len(args))], "")
				l.help = l.command == ""
			}
			break
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case name == "version" || word == "-v":
			l.version = true
		case name == "help" || word == "-h":
			l.help = true
		case name == "rootless" && !hasValue && i+1 < len(args) && toggled(args[i+1]), !hasValue && takesValue(name):
			i++
		}
	}
	l.version = l.version && !l.help
	return l
}

// entersContainer says whether the command starts a process inside of a container. Only the command counts: what
// follows it may be the container's own words.
func (l line) entersContainer() bool {
	return l.command == "create" || l.command == "run" || l.command == "exec"
}

// asksHelp says whether one of args is a help flag.
func asksHelp(args []string) bool {
	for _, a := range args {
		if a == "--help" || a == "-h" || a == "-help" {
			return true
		}
	}
	return false
}

// isFlag says whether a word is a flag; a lone dash is not, and neither is "".
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' && word != "--" }

// takesValue says whether the global flag of this name is followed by a value.
func takesValue(name string) bool {
	for f := range reflect.TypeFor[Globals]().Fields() {
		if f.Tag.Get("name") == name {
			return f.Type == reflect.TypeFor[string]()
		}
	}
	return false
}

// canonical rewrites args in the one form that leaves kong nothing to guess: --name=value for a flag with a
// value, --name for one without. It understands what runc and its clients write: -no-subreaper, -b=DIR, -td,
// `--root -x`. What it does not know it leaves to kong to complain about.
//
// After own words that are no flags, everything belongs to the container's command and is kept as it is; where our
// command is the only word of ours (own is 1), its flags come first. own is 0 when no such command follows.
func canonical(args []string, flags []*kong.Flag, own int) ([]string, error) {
	var out []string
	words := 0
	for i := 0; i < len(args); i++ {
		if own > 0 && words >= own && (own > 1 || !isFlag(args[i])) {
			rest := args[i:]
			if rest[0] == "--" {
				rest = rest[1:]
			}
			return append(append(out, "--"), rest...), nil
		}
		if args[i] == "--" {
			return append(out, args[i:]...), nil
		}
		if !isFlag(args[i]) {
			out = append(out, args[i])
			words++
			continue
		}
		flag, used, err := spell(args[i:], flags)
		if err != nil {
			return nil, err
		}
		out = append(out, flag...)
		i += used - 1
	}
	return out, nil
}

// spell writes the flag or the bundle of short flags that args begin with, and says how many args it used.
func spell(args []string, flags []*kong.Flag) (out []string, used int, err error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	if f := byName(flags, name); f != nil && (len(name) > 1 || strings.HasPrefix(args[0], "--")) {
		return join(f, value, hasValue, args)
	}
	if strings.HasPrefix(args[0], "--") {
		return args[:1], 1, nil
	}
	for i, c := range args[0][1:] {
		f := byShort(flags, c)
		if f == nil {
			return args[:1], 1, nil
		}
		tail := args[0][i+2:]
		if f.IsBool() && !strings.HasPrefix(tail, "=") {
			out = append(out, "--"+f.Name)
			continue
		}
		last, used, err := join(f, strings.TrimPrefix(tail, "="), tail != "", args)
		return append(out, last...), used, err
	}
	return out, 1, nil
}

// join writes a flag with its value, which may be the next argument.
func join(f *kong.Flag, value string, hasValue bool, args []string) ([]string, int, error) {
	if hasValue {
		return []string{"--" + f.Name + "=" + value}, 1, nil
	}
	next := len(args) > 1
	if _, ok := f.Target.Interface().(toggle); ok && next && toggled(args[1]) {
		return []string{"--" + f.Name + "=" + args[1]}, 2, nil
	}
	if f.IsBool() {
		return []string{"--" + f.Name}, 1, nil
	}
	if !next {
		return nil, 0, &usageError{msg: "--" + f.Name + " needs a value"}
	}
	return []string{"--" + f.Name + "=" + args[1]}, 2, nil
}

func byName(flags []*kong.Flag, name string) *kong.Flag {
	for _, f := range flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func byShort(flags []*kong.Flag, c rune) *kong.Flag {
	for _, f := range flags {
		if f.Short == c {
			return f
		}
	}
	return nil
}
