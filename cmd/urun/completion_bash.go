package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completeBash writes the script for bash: one case per command.
func completeBash(w io.Writer, app *kong.Application) {
	var names []string
	for _, cmd := range app.Children {
		names = append(names, cmd.Name)
	}
	fmt.Fprintf(w, `# bash completion for urun
_urun() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= skip= words= values= flags= i
	local global=%q
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ $skip ]]; then skip=; continue; fi
		case ${COMP_WORDS[i]} in
		%s) skip=1 ;;
		-*) ;;
		*) cmd=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $cmd in
	'') words=%q ;;
`, flagWords(app.Flags), valueWords(app.Flags), strings.Join(names, " "))
	for _, cmd := range app.Children {
		words := strings.Join(choices(cmd), " ")
		if wantsID(cmd) {
			words = "$(urun list -q 2>/dev/null)"
		}
		fmt.Fprintf(w, "\t%s) flags=%q words=\"%s\" values=%q ;;\n", cmd.Name, flagWords(cmd.Flags), words, valueWords(cmd.Flags))
	}
	fmt.Fprint(w, `	esac
	if [[ $prev == -* && "|$values|" == *"|$prev|"* ]]; then
		COMPREPLY=($(compgen -f -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags $global" -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}
complete -o default -F _urun urun
`)
}
