package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// Globals are the flags that every command has. They are runc's; those that urun does not need are accepted so
// that clients which pass them keep working.
type Globals struct {
	Root          string   `name:"root" placeholder:"DIR" env:"URUN_ROOT" about:"Keep the state of containers in DIR instead of $XDG_RUNTIME_DIR/urun."`
	Log           string   `name:"log" placeholder:"FILE" about:"Append errors and notices to FILE; notices then stay off stderr."`
	LogFormat     string   `name:"log-format" placeholder:"FORMAT" enum:"text,json" default:"text" about:"Format of the log: text, the default, or json."`
	LogLevel      string   `name:"log-level" placeholder:"LEVEL" enum:"error,warn,warning,info,debug" default:"warning" about:"Least important lines to tell: error, warning, the default, or debug."`
	Debug         bool     `name:"debug" about:"The same as --log-level debug."`
	Strict        bool     `name:"strict" about:"Refuse what can be had only in part, instead of telling so in a notice."`
	SystemdCgroup bool     `name:"systemd-cgroup" about:"Have the user's systemd make the container's cgroup: the same as --cgroup-manager systemd."`
	CgroupManager string   `name:"cgroup-manager" placeholder:"NAME" enum:",systemd,cgroupfs,disabled" default:"" about:"Who makes the container's cgroup: systemd, cgroupfs or disabled; without the flag whoever can, if a limit or a path asks for one."`
	Criu          string   `name:"criu" placeholder:"PATH" hidden:"" about:"Accepted for clients of runc; it has no effect."`
	Rootless      toggle   `name:"rootless" about:"Accepted for clients of runc: true, false or auto. urun is always rootless."`
	Version       bool     `name:"version" short:"v" about:"Print the version."`
	Help          helpFlag `name:"help" short:"h" about:"Print this help."`
}

// explain gives a model its texts, and the global flags a place of their own. They stand in the tag `about` and not in kong's
// `help`, because kong looks for variables in every text of that, and 100 microseconds of it would be paid by every command.
func explain(k *kong.Kong) {
	_ = kong.Visit(k.Model, func(n kong.Visitable, next kong.Next) error {
		switch n := n.(type) {
		case *kong.Flag:
			n.Help = n.Tag.Get("about")
		case *kong.Value:
			n.Help = n.Tag.Get("about")
		}
		return next(nil)
	})
	group := &kong.Group{Key: "global", Title: "Global flags:"}
	for _, f := range k.Model.Flags {
		f.Group = group
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
