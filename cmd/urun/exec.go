package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urun/urun/pkg/container"
)

// execFailed is the exit code of exec when the process could not be run. The process itself may well exit with 1.
const execFailed = 255

type execCmd struct {
	Cwd            string   `name:"cwd" placeholder:"DIR" about:"Working directory inside the container."`
	Env            []string `name:"env" short:"e" sep:"none" placeholder:"NAME=VALUE" about:"Set a variable; may be repeated."`
	TTY            bool     `name:"tty" short:"t" about:"Give the process a terminal."`
	User           string   `name:"user" short:"u" placeholder:"UID[:GID]" about:"Run as this user of the container."`
	AdditionalGids []uint32 `name:"additional-gids" short:"g" placeholder:"GID" about:"One more group; may be repeated."`
	Process        string   `name:"process" short:"p" placeholder:"FILE" about:"Read the process from the JSON in FILE instead of the command line."`
	Detach         bool     `name:"detach" short:"d" about:"Return once the process runs, instead of waiting for its end."`
	PidFile        string   `name:"pid-file" placeholder:"FILE" about:"Write the pid of the process to FILE."`
	ProcessLabel   string   `name:"process-label" placeholder:"LABEL" about:"SELinux label of the process."`
	Apparmor       string   `name:"apparmor" placeholder:"PROFILE" about:"AppArmor profile of the process."`
	NoNewPrivs     *bool    `name:"no-new-privs" about:"Keep the process from gaining privileges."`
	Cap            []string `name:"cap" short:"c" placeholder:"CAP" about:"One more capability; may be repeated."`
	PreserveFDs    int      `name:"preserve-fds" placeholder:"N" about:"Hand N more descriptors to the process, 3 and up."`
	IgnorePaused   bool     `name:"ignore-paused" about:"Do not mind that the container is paused."`
	ConsoleSocket  string   `name:"console-socket" placeholder:"PATH" about:"Unix socket that receives the master end of the process's terminal."`
	PidfdSocket    string   `name:"pidfd-socket" placeholder:"PATH" about:"Unix socket that receives a pidfd of the process."`
	Cgroup         string   `name:"cgroup" placeholder:"PATH" about:"Run the process in this cgroup below the container's."`
	target
	Args []string `arg:"" name:"command" optional:"" verbatim:"" about:"The command and its arguments, unless --process has them."`
}

// Help says more.
func (*execCmd) Help() string {
	return "Flags stand before the id; what follows it is the command, with flags of its own. Standard input, output and error are passed on. " +
		"The exit code is that of the command, 128 and the number of the signal if one ended it, or 255 if it could not be run.\n\n" +
		"An example: `urun exec --tty redis sh`"
}

// Run runs the process.
func (c *execCmd) Run(app *App) error {
	app.code = execFailed
	o, err := c.options()
	if err != nil {
		return err
	}
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	code, err := rt.Exec(c.ID, o)
	switch {
	case err == nil:
		app.code = code
	case len(c.Args) > 0 && isFlag(c.Args[0]):
		return container.WithHint(err, "what follows the id is the command; flags of urun stand before the id")
	}
	return err
}

// options turns the flags into what package container understands.
func (c *execCmd) options() (o container.ExecOptions, err error) {
	switch {
	case c.Process == "" && len(c.Args) == 0:
		return o, container.WithHint(errors.New("process args cannot be empty"), "the command follows the id: urun exec "+c.ID+" sh")
	case c.Process != "" && len(c.Args) != 0:
		return o, errors.New("--process and a command exclude each other")
	case c.PreserveFDs < 0:
		return o, fmt.Errorf("--preserve-fds: %d is negative", c.PreserveFDs)
	}
	for _, e := range c.Env {
		if i := strings.IndexByte(e, '='); i < 1 {
			return o, fmt.Errorf("--env %q: is not NAME=VALUE; no value of yours is passed on by itself", e)
		}
	}
	o = container.ExecOptions{
		Args: c.Args, Cwd: c.Cwd, Env: c.Env, TTY: c.TTY, User: c.User, AdditionalGids: c.AdditionalGids,
		Caps: c.Cap, NoNewPrivs: c.NoNewPrivs, ProcessLabel: c.ProcessLabel, Apparmor: c.Apparmor,
		PreserveFDs: c.PreserveFDs, Detach: c.Detach, IgnorePaused: c.IgnorePaused, Cgroup: c.Cgroup,
	}
	o.ConsoleSocket, o.PidfdSocket, o.PidFile, err = absolute(c.ConsoleSocket, c.PidfdSocket, c.PidFile)
	if err != nil {
		return o, err
	}
	o.ProcessFile, _, _, err = absolute(c.Process, "", "")
	return o, err
}
