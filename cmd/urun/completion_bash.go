package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completeBash writes the script for bash: one case per command. The value of a flag may be a word, or two with the = before it,
// where bash parts them (COMP_WORDBREAKS).
func completeBash(w io.Writer, app *kong.Application) {
	var names []string
	for _, cmd := range app.Children {
		names = append(names, cmd.Name)
	}
	fmt.Fprintf(w, `# bash completion for urun
_urun() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= words= flags= own=0 i e
	local global=%q values=%q enums=%q
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) _urun_value && ((i++)) ;;
		*) cmd=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $cmd in
	'') words=%q ;;
`, flagWords(shown(app.Flags)), valueWords(app.Flags), enumWords(app.Flags), strings.Join(names, " "))
	for _, cmd := range app.Children {
		words := strings.Join(choices(cmd), " ")
		if wantsID(cmd) {
			words = "$(urun list -q 2>/dev/null)"
		}
		fmt.Fprintf(w, "\t%s) flags=%q words=\"%s\" values+=%q enums+=%q ;;\n",
			cmd.Name, flagWords(shown(cmd.Flags)), words, "|"+valueWords(cmd.Flags), " "+enumWords(cmd.Flags))
	}
	fmt.Fprint(w, bashEnd)
}

const bashEnd = `	esac
	for ((i++; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) _urun_value && ((i++)) ;;
		*) ((own++)) ;;
		esac
	done
	if ((own)) && [[ $cmd != stats ]]; then words=; fi # it takes one container
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ $prev == -* && "|$values|" == *"|$prev|"* ]]; then
		COMPREPLY=($(compgen -f -- "$cur"))
		for e in $enums; do
			if [[ ${e%%=*} == "$prev" ]]; then COMPREPLY=($(compgen -W "$(tr , ' ' <<<"${e#*=}")" -- "$cur")); fi
		done
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags $global" -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}
# _urun_value: does a value of its own follow the flag at i? It goes to the = before it, if there is one.
_urun_value() {
	[[ "|$values|" == *"|${COMP_WORDS[i]}|"* ]] || return 1
	if [[ ${COMP_WORDS[i+1]} == = ]]; then ((i++)); fi
	return 0
}
complete -o default -F _urun urun
`

// enumWords are the flags that take one of a few words, with these.
func enumWords(flags []*kong.Flag) string {
	var words []string
	for _, f := range flags {
		values := "=" + strings.Join(few(f), ",")
		if values == "=" {
			continue
		}
		words = append(words, "--"+f.Name+values)
		if f.Short != 0 {
			words = append(words, "-"+string(f.Short)+values)
		}
	}
	return strings.Join(words, " ")
}
