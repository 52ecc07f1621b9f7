package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
)

// Globals are the flags that every command has. They are runc's; those that urun does not need are accepted so
// that clients which pass them keep working. Their help stands in globalHelp: kong looks for variables in every
// text of a tag, and 80 microseconds of that would be paid by every command.
type Globals struct {
	Root          string   `name:"root" placeholder:"DIR" env:"URUN_ROOT"`
	Log           string   `name:"log" placeholder:"FILE"`
	LogFormat     string   `name:"log-format" enum:"text,json" default:"text"`
	LogLevel      string   `name:"log-level" enum:"error,warn,warning,info,debug" default:"warning"`
	Debug         bool     `name:"debug"`
	Strict        bool     `name:"strict"`
	SystemdCgroup bool     `name:"systemd-cgroup"`
	CgroupManager string   `name:"cgroup-manager" placeholder:"NAME" enum:",systemd,cgroupfs,disabled" default:""`
	Rootless      toggle   `name:"rootless"`
	Version       bool     `name:"version" short:"v"`
	Help          helpFlag `name:"help" short:"h"`
}

// globalHelp is the help of one global flag.
func globalHelp(name string) string {
	switch name {
	case "root":
		return "Keep the state of containers in DIR instead of $XDG_RUNTIME_DIR/urun."
	case "log":
		return "Append errors and notices to FILE; notices then stay off stderr."
	case "log-format":
		return "Format of the log: text or json."
	case "log-level":
		return "Least important lines to tell: error, warning or debug."
	case "debug":
		return "The same as --log-level debug."
	case "strict":
		return "Refuse what can be had only in part, instead of telling so in a notice."
	case "systemd-cgroup":
		return "Accepted for clients of runc."
	case "cgroup-manager":
		return "Accepted for clients of crun: systemd, cgroupfs or disabled."
	case "rootless":
		return "Accepted for clients of runc: true, false or auto. urun is always rootless."
	case "version":
		return "Print the version."
	}
	return "Print this help."
}

// explain puts the help of the global flags into a model.
func explain(k *kong.Kong) {
	group := &kong.Group{Key: "global", Title: "Global flags:"}
	for _, f := range k.Model.Flags {
		f.Help, f.Group = globalHelp(f.Name), group
	}
}

// A toggle is a flag that may stand alone or carry true, false or auto.
type toggle string

// toggled says whether a word is a value of a toggle.
func toggled(word string) bool { return word == "true" || word == "false" || word == "auto" }

// IsBool tells kong that the value may be missing.
func (*toggle) IsBool() bool { return true }

// Decode takes the value after the equals sign, if there is one.
func (t *toggle) Decode(ctx *kong.DecodeContext) error {
	*t = "true"
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	word := ctx.Scan.Pop().String()
	if !toggled(word) {
		return fmt.Errorf("must be true, false or auto, not %q", word)
	}
	*t = toggle(word)
	return nil
}

// A helpFlag prints the help of what is selected and ends the parsing. kong's own would end the program.
type helpFlag bool

// errHelp says that help was asked for and given.
var errHelp = errors.New("help")

// BeforeReset is called by kong before anything is checked: `urun exec --help` needs no container.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errHelp
}
