package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// A usageError is a command line that cannot be understood.
type usageError struct {
	command, msg string
	tip          string // what was meant, as it seems; or ""
}

func (e *usageError) Error() string {
	if e.command == "" {
		return e.msg
	}
	return e.command + ": " + e.msg
}

// Hint says what was meant, where that can be guessed, and points to the help.
func (e *usageError) Hint() string {
	help := "see urun --help"
	if e.command != "" {
		help = "see urun " + e.command + " --help"
	}
	return e.tip + "\n" + help
}

// misused turns kong's complaint about a line of the command, which has these flags, into ours.
func misused(command string, complaint error, flags []*kong.Flag) *usageError {
	msg := reword(complaint.Error(), command)
	tip := tipFor(command, msg)
	if name, ok := strings.CutPrefix(complainedAbout(msg), "--"); ok && byName(flags, name) != nil {
		tip = "it stands after the command: urun " + command + " --" + name
	}
	if tip != "" { // better than the nearest names
		msg, _, _ = strings.Cut(msg, ", did you mean")
	}
	return &usageError{command: command, msg: msg, tip: tip}
}

// reword says what is wrong in plainer words than kong, which thinks of a tree of arguments.
func reword(msg, command string) string {
	missing, isMissing := strings.CutPrefix(msg, `expected "`)
	flag, value, isNumber := strings.Cut(msg, ": expected a valid ") // … 64 bit int but got "x"
	switch {
	case command == "" && strings.HasPrefix(msg, "expected one of"):
		return "no command"
	case command == "":
		return strings.Replace(msg, "unexpected argument", "unknown command", 1)
	case isMissing:
		return strings.TrimSuffix(missing, `"`) + " is missing"
	case isNumber:
		_, value, _ = strings.Cut(value, " but got ")
		return flag + " " + value + ": is not a whole number in range"
	case oneLetter(msg): // each other letter is near it
		msg, _, _ = strings.Cut(msg, ", did you mean")
	}
	return strings.Replace(msg, `must be one of "",`, "must be one of ", 1)
}

// oneLetter says whether the complaint is about a flag of one letter.
func oneLetter(msg string) bool {
	flag, ok := strings.CutPrefix(msg, "unknown flag -")
	return ok && (len(flag) == 1 || strings.HasPrefix(flag[1:], ","))
}
