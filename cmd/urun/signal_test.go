package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseSignal(t *testing.T) {
	for word, want := range map[string]unix.Signal{
		"9": 9, "0": 0, "64": 64, "KILL": 9, "SIGKILL": 9, "sigterm": 15, "Hup": 1, "WINCH": 28,
		"SIGRTMIN": 34, "RTMIN+3": 37, "SIGRTMIN+3": 37, "SIGRTMAX": 64, "rtmax-2": 62,
	} {
		if got, err := parseSignal(word); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", word, got, err, want)
		}
	}
	for _, word := range []string{"", "FOO", "SIG", "-9", "65", "9.5", "SIGSIGKILL", "RTMIN3", "RTMIN+99", "RTMAX+1", "RTMIN-1", "RTMIN+x"} {
		if got, err := parseSignal(word); err == nil {
			t.Errorf("%q is taken for %d", word, got)
		} else if want := "unknown signal \"" + word + "\""; err.Error() != want {
			t.Errorf("%q: %v, want %s", word, err, want)
		}
	}
}
