package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completeZsh writes the script for zsh, in the language of _arguments, see zshcompsys(1).
func completeZsh(w io.Writer, app *kong.Application) {
	fmt.Fprint(w, "#compdef urun\n_urun() {\n\tlocal -a commands\n\tcommands=(\n")
	for _, cmd := range app.Children {
		fmt.Fprintf(w, "\t\t%s\n", single(cmd.Name+":"+cmd.Help))
	}
	fmt.Fprint(w, "\t)\n\tlocal curcontext=$curcontext state line\n\t_arguments -C \\\n")
	for _, f := range shown(app.Flags) {
		fmt.Fprintf(w, "\t\t%s \\\n", zshFlag(f))
	}
	fmt.Fprint(w, "\t\t'1:command:->command' '*::argument:->argument'\n\tcase $state in\n"+
		"\tcommand) _describe command commands ;;\n\targument)\n\t\tcase $words[1] in\n")
	for _, cmd := range app.Children {
		fmt.Fprintf(w, "\t\t%s) _arguments", cmd.Name)
		for _, f := range shown(cmd.Flags) {
			fmt.Fprintf(w, " \\\n\t\t\t%s", zshFlag(f))
		}
		switch words := choices(cmd); {
		case wantsID(cmd):
			fmt.Fprint(w, " \\\n\t\t\t'1:container:($(urun list -q 2>/dev/null))' '*::argument:_default'")
		case words != nil:
			fmt.Fprintf(w, " \\\n\t\t\t'1:word:(%s)'", strings.Join(words, " "))
		}
		fmt.Fprint(w, " ;;\n")
	}
	fmt.Fprint(w, "\t\tesac ;;\n\tesac\n}\ncompdef _urun urun\n")
}

// zshFlag is one flag in the language of _arguments.
func zshFlag(f *kong.Flag) string {
	help := strings.NewReplacer("[", "(", "]", ")", ":", ",").Replace(f.Help)
	value := ""
	switch words := few(f); {
	case words != nil:
		value = ":" + f.Name + ":(" + strings.Join(words, " ") + ")"
	case !f.IsBool():
		value = ":" + f.Name + ":_files"
	}
	long := single("--" + f.Name + "[" + help + "]" + value)
	if f.Short == 0 {
		return long
	}
	return long + " " + single("-"+string(f.Short)+"["+help+"]"+value)
}
