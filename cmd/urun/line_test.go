package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		" a\nb\n":                  "a; b",
		"title \x1b]0;x\a\u009b2J": "title ?]0;x??2J",
		"äöü … 1":                  "äöü … 1",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	long := "mounts[0]: " + strings.Repeat("ä", 70000) + ": too long"
	got := oneLine(long)
	if len(got) > longest+40 || !strings.HasPrefix(got, "mounts[0]: ä") || !strings.HasSuffix(got, "ä: too long") ||
		!strings.Contains(got, " … 137021 bytes … ") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
