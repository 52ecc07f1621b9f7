package main

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" name:"shell" enum:"bash,zsh,fish" about:"bash, zsh or fish."`
}

// Help says more.
func (*completionCmd) Help() string {
	return "For this shell:\n\n" +
		"bash: source <(urun completion bash)\n\n" +
		"zsh: source <(urun completion zsh), after compinit\n\n" +
		"fish: urun completion fish | source\n\n" +
		"For each to come put that line into the shell's own file: ~/.bashrc, ~/.zshrc, ~/.config/fish/config.fish."
}

// Run prints the script. It is made from the same model that parses the command line, so it cannot be out of date.
func (c *completionCmd) Run(app *App) error {
	k, _, err := fullModel(commands(), &App{Stdout: app.Stdout, Stderr: app.Stderr})
	if err != nil {
		return err
	}
	explain(k)
	var b strings.Builder
	switch c.Shell {
	case "bash":
		completeBash(&b, k.Model)
	case "zsh":
		completeZsh(&b, k.Model)
	default:
		completeFish(&b, k.Model)
	}
	_, err = io.WriteString(app.Stdout, b.String())
	return err
}

// wantsID says whether the first word after a command is the id of a container that exists.
func wantsID(cmd *kong.Node) bool {
	return len(cmd.Positional) > 0 && cmd.Positional[0].Tag.Has("known")
}

// choices are the words that may follow a command where they are few.
func choices(cmd *kong.Node) []string {
	if len(cmd.Positional) == 0 {
		return nil
	}
	if e := cmd.Positional[0].Enum; e != "" {
		return strings.Split(e, ",")
	}
	return nil
}

// shown are the flags that the help shows.
func shown(flags []*kong.Flag) []*kong.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f *kong.Flag) bool { return f.Hidden })
}

// few are the words that a flag may have as its value, where they are few.
func few(f *kong.Flag) []string {
	if f.Enum == "" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(f.Enum, ","), ",")
}

// flagWords are the flags as they are typed.
func flagWords(flags []*kong.Flag) string {
	var words []string
	for _, f := range flags {
		words = append(words, "--"+f.Name)
		if f.Short != 0 {
			words = append(words, "-"+string(f.Short))
		}
	}
	return strings.Join(words, " ")
}

// valueWords are the flags that are followed by a value.
func valueWords(flags []*kong.Flag) string {
	var with []*kong.Flag
	for _, f := range flags {
		if !f.IsBool() {
			with = append(with, f)
		}
	}
	return strings.ReplaceAll(flagWords(with), " ", "|")
}

// single puts a word into single quotes. Fish, unlike the others, knows \' inside of them, so none is written.
func single(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "’") + "'"
}
