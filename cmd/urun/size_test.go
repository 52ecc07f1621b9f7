package main

import "testing"

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "4096": 4096, "-1": -1, "64m": 64 << 20, "64M": 64 << 20, "64MB": 64 << 20, "64MiB": 64 << 20, "64 mb": 64 << 20,
		"1k": 1024, "1.5g": 3 << 29, "2t": 2 << 40, "1p": 1 << 50, "100b": 100, "0.5k": 512,
		"9223372036854775807": 1<<63 - 1,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "m", "-2", "-64m", "+1", "1e6", "0x10", "64x", "64mm", "64mbb", "1.2.3", "NaN", "inf", "9223372036854775808", "9p9", "8192p", "9007199254740992k", "١",
	} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}
