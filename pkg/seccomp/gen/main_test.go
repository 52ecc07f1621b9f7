package main

import (
	"bytes"
	"os"
	"testing"
)

// TestCurrent: ztable.go is what the x/sys of go.mod says.
func TestCurrent(t *testing.T) {
	dir, err := listDir()
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../ztable.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("../ztable.go is out of date: run go generate ./pkg/seccomp")
	}
}
