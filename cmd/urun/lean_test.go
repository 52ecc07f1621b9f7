package main

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLean: what kong understands of a line with few fields is what it understands with all of them.
func TestLean(t *testing.T) {
	t.Setenv("URUN_ROOT", "/from/the/environment")
	for _, words := range []string{
		"run a",
		"run -b=/bundle -d --pid-file p a",
		"--root /r --log l --log-format json --debug run --no-pivot a",
		"--rootless auto --cgroup-manager disabled run --keep a",
		"--systemd-cgroup --rootless=true create --bundle /b --preserve-fds 3 a",
		"exec a true",
		"exec -td -e A=1 -e B=2,3 -u 1:2 --cap CAP_KILL --cap CAP_CHOWN a sh -c exit",
		"exec --no-new-privs=false -g 5 -g 6 a -- cmd --cwd /x",
		"exec a ls -e --user",
		"kill a",
		"kill --all a TERM",
		"list",
		"list -q -f json",
		"ps a -ef",
		"ps -f json a",
		"spec",
		"spec --rootless -b d",
		"delete -f a",
		"state a",
		"--strict features",
		"plan --syscalls a",
		"unshare ls -l /",
		"completion bash",
	} {
		t.Run(words, func(t *testing.T) {
			got, gotGlobals, err := parsed(words, func(l line, app *App) (command, error) {
				for _, e := range commands() {
					if e.name == l.command {
						return parseLean(l, e, app)
					}
				}
				return nil, os.ErrNotExist
			})
			if err != nil {
				t.Fatal(err)
			}
			want, wantGlobals, err := parsed(words, parseFull)
			if err != nil {
				t.Fatal(err)
			}
			all := cmp.Exporter(func(reflect.Type) bool { return true })
			if diff := cmp.Diff(want, got, all); diff != "" {
				t.Errorf("command (-all +lean):\n%s", diff)
			}
			if diff := cmp.Diff(wantGlobals, gotGlobals); diff != "" {
				t.Errorf("globals (-all +lean):\n%s", diff)
			}
		})
	}
}

func parsed(words string, parse func(line, *App) (command, error)) (command, Globals, error) {
	app := &App{Stdout: os.Stdout, Stderr: os.Stderr}
	cmd, err := parse(read(strings.Fields(words)), app)
	return cmd, app.Globals, err
}

// TestTextIsLast: what untold cuts off is the text alone.
func TestTextIsLast(t *testing.T) {
	structs := []any{new(Globals)}
	for _, e := range commands() {
		structs = append(structs, e.make())
	}
	for _, s := range structs {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s).Elem()) {
			text, ok := f.Tag.Lookup("about")
			if cut := string(untold(f.Tag)); ok && cut+` about:`+strconv.Quote(text) != string(f.Tag) {
				t.Errorf("%T.%s: cut to %s", s, f.Name, cut)
			}
		}
	}
}

// TestAnyBytes: a file may have any name.
func TestAnyBytes(t *testing.T) {
	app, dir := &App{}, "b\xff\xfe"
	cmd, err := parse(line{command: "run", args: []string{"run", "--bundle", dir, "a"}}, app)
	if err != nil {
		t.Fatal(err)
	}
	if got := cmd.(*runCmd).Bundle; got != dir {
		t.Errorf("got %q", got)
	}
}
