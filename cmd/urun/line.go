package main

import (
	"fmt"
	"strings"
	"unicode"
)

// longest is how many bytes of a message are told: the names and values in it are those of a config, which may be of any length.
const longest = 3000

// oneLine keeps what others said (a helper's stderr, a config) from looking like lines of ours, and from talking to the
// terminal.
func oneLine(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(brief(s)), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

// brief leaves out the middle of what is too long: the beginning says where, the end why.
func brief(s string) string {
	if len(s) <= longest {
		return s
	}
	head, tail := s[:longest/2], s[len(s)-longest/2:]
	return fmt.Sprintf("%s … %d bytes … %s", strings.ToValidUTF8(head, ""), len(s)-len(head)-len(tail), strings.ToValidUTF8(tail, ""))
}
