package main

import (
	"os"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		args    string
		command string
		version bool
		help    bool
	}{
		{args: ""},
		{args: "run redis", command: "run"},
		{args: "--root /r run redis", command: "run"},
		{args: "--root=/r run redis", command: "run"},
		{args: "-root /r run redis", command: "run"},
		{args: "--root run run redis", command: "run"},
		{args: "--debug --systemd-cgroup state x", command: "state"},
		{args: "--rootless true state x", command: "state"},
		{args: "--rootless state x", command: "state"},
		{args: "--rootless=false --log /l --log-format json kill x 9", command: "kill"},
		{args: "--version", version: true},
		{args: "-v", version: true},
		{args: "--root /r --version", version: true},
		{args: "version", command: "version", version: true},
		{args: "version --help", command: "version"},
		{args: "version x", command: "version"},
		{args: "help version", command: "version"},
		{args: "--help", help: true},
		{args: "-h run", command: "run", help: true},
		{args: "help", help: true},
		{args: "help run", command: "run"},
		{args: "exec x urun --version", command: "exec"},
		{args: "--unknown run x", command: "run"},
	} {
		l := read(strings.Fields(c.args))
		if l.command != c.command || l.version != c.version || l.help != c.help {
			t.Errorf("%q: %+v", c.args, l)
		}
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"run x", "run x"},
		{"run -b /b x", "run --bundle=/b x"},
		{"run -b=/b x", "run --bundle=/b x"},
		{"run -b/b x", "run --bundle=/b x"},
		{"run --bundle /b -no-subreaper x -pid-file p", "run --bundle=/b --no-subreaper x --pid-file=p"},
		{"run -db /b x", "run --detach --bundle=/b x"},
		{"--root -r run x", "--root=-r run x"},
		{"--rootless true run x", "--rootless=true run x"},
		{"--rootless run x", "--rootless run x"},
		{"run --preserve-fds 3 x", "run --preserve-fds=3 x"},
		{"run --bogus -z x", "run --bogus -z x"},
		{"run -- -x", "run -- -x"},
		{"kill -a x -9", "kill --all x -9"},
		{"kill --all=false x 9", "kill --all=false x 9"},
		{"exec x ls -la", "exec x -- ls -la"},
		{"exec -t x sh -c -t", "exec --tty x -- sh -c -t"},
		{"exec x -t", "exec x -- -t"},
		{"exec x -- ls --", "exec x -- ls --"},
		{"exec -- x ls -t", "exec -- x ls -t"},
		{"exec -e A=B,C -e=D=E --env F= x env", "exec --env=A=B,C --env=D=E --env=F= x -- env"},
		{"exec -p p.json -d x", "exec --process=p.json --detach x"},
		{"ps x -ef", "ps x -- -ef"},
		{"ps --format table x -ef", "ps --format=table x -- -ef"},
		{"unshare --debug ls -la", "unshare --debug -- ls -la"},
		{"unshare -- ls --debug", "unshare -- ls --debug"},
		{"--log l spec --rootless", "--log=l spec --rootless"},
	} {
		args := strings.Fields(c.args)
		name := read(args).command
		var chosen []entry
		for _, e := range commands() {
			if e.name == name {
				chosen = append(chosen, e)
			}
		}
		k, _, err := fullModel(chosen, &App{Stdout: os.Stdout, Stderr: os.Stderr})
		if err != nil {
			t.Fatal(err)
		}
		node := k.Model.Children[0]
		got, err := canonical(args, append(k.Model.Flags, node.Flags...), ownWords(node))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%q: %q, %v; want %q", c.args, strings.Join(got, " "), err, c.want)
		}
	}
}

// FuzzParse looks for a command line that makes urun crash instead of answering.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"run x", "exec -t x sh -c a", "-", "--", "-=", "--=", "help help", "ps", "--rootless", "kill x -9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out strings.Builder
		l := read(strings.Fields(s))
		if l.version {
			return
		}
		_, _ = parse(l, &App{Stdout: &out, Stderr: &out})
	})
}
