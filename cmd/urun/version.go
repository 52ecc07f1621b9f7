package main

import (
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// versionCmd is for the help, and for lines with more words: run answers the plain ones before kong is asked.
type versionCmd struct{}

// Run prints the version.
func (*versionCmd) Run(app *App) error { return printVersion(app.Stdout) }

// printVersion writes what was built, from what, in the layout of runc.
func printVersion(w io.Writer) error {
	version, commit := build()
	_, err := io.WriteString(w, "urun version "+version+"\n"+
		"commit: "+commit+"\n"+
		"spec: "+specs.Version+"\n"+
		"go: "+runtime.Version()+"\n")
	return err
}

// build reads the version and the commit that the go command left in the binary.
func build() (version, commit string) {
	version, commit = "devel", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = strings.TrimPrefix(v, "v")
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "-dirty"
			}
		}
	}
	return version, commit + dirty
}
