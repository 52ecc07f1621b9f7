package bundle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeApart(t *testing.T) {
	raw := templateJSON(t)
	want := filtered(t)
	got, section, err := DecodeApart(raw)
	if err != nil || got.Linux.Seccomp != nil || len(section) < len(raw)/2 {
		t.Fatalf("%d of %d bytes are the filter; %v", len(section), len(raw), err)
	}
	if got.Linux.Seccomp, err = DecodeFilter(raw, section); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// same checks that decoding apart means the same as decoding, errors included.
func same(t testing.TB, raw []byte) (apart bool) {
	want, wantErr := Decode(raw)
	got, section, err := DecodeApart(raw)
	if err == nil && section != nil {
		apart = true
		got.Linux.Seccomp, err = DecodeFilter(raw, section)
	}
	if text(err) != text(wantErr) {
		t.Fatalf("%q\n got %v\nwant %v", raw, err, wantErr)
	}
	if err == nil {
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q\n%s", raw, d)
		}
	}
	return apart
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDecodeApartIsDecode(t *testing.T) {
	const head, tail = `{"ociVersion":"1.0.0","annotations":{"a":"}\"{"},"linux":{"cgroupsPath":"x",`, `,"maskedPaths":["]"]},"hostname":"h"}`
	for section, apart := range map[string]bool{
		`"seccomp":{"defaultAction":"a"}`:                                true,
		`"seccomp" : { "defaultAction":"a}]\\\"" , "syscalls":[{}] } `:   true,
		`"seccomp":{"defaultAction":"a"},"seccomp":{"listenerPath":"b"}`: false,
		`"Seccomp":{"defaultAction":"a"}`:                                false,
		`"seccomp":{"defaultAction":"a"},"SECCOMP":{"listenerPath":"b"}`: false,
		`"\u0073eccomp":{"defaultAction":"a"}`:                           false,
		`"seccomp":null`:                                                 false,
		`"seccomp":7`:                                                    false,
		`"seccomp":{"defaultAction":7}`:                                  true, // found out when it is decoded
		`"seccomp":{"defaultAction":}`:                                   true,
		`"seccomp":{"defaultAction":"\u0000"}`:                           false,
		`"seccomp":{"syscalls":[{"names":[}]}`:                           false,
		`"seccomp":{"a":"b"`:                                             false,
		`"x":{"seccomp":{"defaultAction":"a"}}`:                          false,
	} {
		if got := same(t, []byte(head+section+tail)); got != apart {
			t.Errorf("%s: apart is %v", section, got)
		}
	}
	same(t, []byte(`{"ociVersion":"1.0.0","linux":{"seccomp":{"a":1}},"linux":{"cgroupsPath":"x"}}`))
	same(t, []byte(`{"ociVersion":"1.0.0","linux":{"seccomp":{"a":1}}`))
	same(t, []byte(`{"ociVersion":"1.0.0","linux":{"seccomp":{`+strings.Repeat(`[`, 20000)))
}

func FuzzDecodeApart(f *testing.F) {
	f.Add(templateJSON(f))
	f.Add([]byte(`{"ociVersion":"1.0.0","linux":{"seccomp":{"defaultAction":"a\"}"},"x":[1]},"y":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) { same(t, raw) })
}
