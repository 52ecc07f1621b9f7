package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completeFish writes the script for fish: one line per word.
func completeFish(w io.Writer, app *kong.Application) {
	fmt.Fprint(w, "# fish completion for urun\ncomplete -c urun -f\n")
	fishFlags(w, "", app.Flags)
	for _, cmd := range app.Children {
		fmt.Fprintf(w, "complete -c urun -n __fish_use_subcommand -a %s -d %s\n", cmd.Name, single(cmd.Help))
		seen := single("__fish_seen_subcommand_from " + cmd.Name)
		fishFlags(w, " -n "+seen, cmd.Flags)
		if wantsID(cmd) {
			fmt.Fprintf(w, "complete -c urun -n %s -a '(urun list -q 2>/dev/null)'\n", seen)
		}
		if words := choices(cmd); words != nil {
			fmt.Fprintf(w, "complete -c urun -n %s -a %s\n", seen, single(strings.Join(words, " ")))
		}
	}
}

func fishFlags(w io.Writer, when string, flags []*kong.Flag) {
	for _, f := range shown(flags) {
		fmt.Fprintf(w, "complete -c urun%s -l %s", when, f.Name)
		if f.Short != 0 {
			fmt.Fprintf(w, " -s %c", f.Short)
		}
		switch words := few(f); {
		case words != nil:
			fmt.Fprintf(w, " -x -a %s", single(strings.Join(words, " ")))
		case !f.IsBool():
			fmt.Fprint(w, " -r -F")
		}
		fmt.Fprintf(w, " -d %s\n", single(f.Help))
	}
}
