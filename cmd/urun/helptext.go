package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// A helpFlag prints the help of what is selected and ends the parsing. kong's own would end the program.
type helpFlag bool

// errHelp says that help was asked for and given.
var errHelp = errors.New("help")

// BeforeReset is called by kong before anything is checked: `urun exec --help` needs no container.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if _, err := fmt.Fprintln(ctx.Stdout, "Usage:", usageLine(ctx.Selected())); err != nil {
		return err
	}
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errHelp
}

// usageLine is how a command is typed. kong's own line ends with the flags, where those of exec would be words of the
// container's command.
func usageLine(cmd *kong.Node) string {
	if cmd == nil {
		return "urun [flags] <command> ..."
	}
	words := []string{"urun", cmd.Name, "[flags]"}
	for _, arg := range cmd.Positional {
		words = append(words, arg.Summary())
	}
	return strings.Join(words, " ")
}
