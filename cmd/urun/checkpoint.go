package main

import "errors"

// noCheckpoint is what both commands say. CRIU restores what it has itself made: it wants to build the user namespace anew
// and to choose the pids in it, both with rights over the host that an ordinary user has not.
const noCheckpoint = "not possible without root today: CRIU needs CAP_CHECKPOINT_RESTORE on the host and cannot take up a" +
	" container in a user namespace that it did not make"

const noCheckpointHelp = "The command takes the flags of runc, and ends with exit code 1 and the reason: " + noCheckpoint + ". " +
	"`urun pause` and `urun resume` keep a container for a while without ending it."

const noCheckpointHint = "to keep the container for a while without ending it: urun pause, urun resume"

// frozenFlags are the flags of runc's checkpoint and restore that clients pass; none of them changes the answer.
type frozenFlags struct {
	ImagePath      string `name:"image-path" placeholder:"DIR" hidden:"" about:"Where the files are."`
	WorkPath       string `name:"work-path" placeholder:"DIR" hidden:"" about:"Where CRIU works."`
	ParentPath     string `name:"parent-path" placeholder:"DIR" hidden:"" about:"An earlier checkpoint."`
	LeaveRunning   bool   `name:"leave-running" hidden:"" about:"Leave the container running."`
	TCPEstablished bool   `name:"tcp-established" hidden:"" about:"Allow open TCP connections."`
	ExtUnixSK      bool   `name:"ext-unix-sk" hidden:"" about:"Allow external unix sockets."`
	ShellJob       bool   `name:"shell-job" hidden:"" about:"Allow shell jobs."`
	FileLocks      bool   `name:"file-locks" hidden:"" about:"Allow file locks."`
	PreDump        bool   `name:"pre-dump" hidden:"" about:"Dump the memory only."`
	Bundle         string `name:"bundle" short:"b" placeholder:"DIR" hidden:"" about:"The bundle."`
	Detach         bool   `name:"detach" short:"d" hidden:"" about:"Return once the container runs."`
	PidFile        string `name:"pid-file" placeholder:"FILE" hidden:"" about:"Where to write the pid."`
	ConsoleSocket  string `name:"console-socket" placeholder:"PATH" hidden:"" about:"Receives the terminal."`
	LazyPages      bool   `name:"lazy-pages" hidden:"" about:"Restore memory when it is needed."`
	StatusFD       int    `name:"status-fd" placeholder:"N" hidden:"" about:"Where to say that lazy pages can be asked for."`
	PageServer     string `name:"page-server" placeholder:"ADDRESS:PORT" hidden:"" about:"Where to send pages."`
	ManageCgroups  string `name:"manage-cgroups-mode" placeholder:"MODE" hidden:"" about:"What to do about cgroups."`
	EmptyNS        string `name:"empty-ns" placeholder:"TYPE" hidden:"" about:"A namespace to make without its properties."`
	AutoDedup      bool   `name:"auto-dedup" hidden:"" about:"Keep each page of memory once."`
	NoSubreaper    bool   `name:"no-subreaper" hidden:"" about:"Do not adopt orphans."`
	NoPivot        bool   `name:"no-pivot" hidden:"" about:"Use chroot instead of pivot_root."`
	LsmProfile     string `name:"lsm-profile" placeholder:"LABEL" hidden:"" about:"Security label of the processes."`
	LsmMount       string `name:"lsm-mount-context" placeholder:"LABEL" hidden:"" about:"Security label of the mounts."`
}

type checkpointCmd struct {
	frozenFlags
	target
}

// Help says more.
func (*checkpointCmd) Help() string { return noCheckpointHelp }

// Run says what stands in the way.
func (*checkpointCmd) Run(*App) error { return errCheckpoint{errors.New(noCheckpoint)} }

type restoreCmd struct {
	frozenFlags
	newborn
}

// Help says more.
func (*restoreCmd) Help() string { return noCheckpointHelp }

// Run says what stands in the way.
func (*restoreCmd) Run(*App) error { return errCheckpoint{errors.New(noCheckpoint)} }

type errCheckpoint struct{ error }

// Hint is the nearest thing that works.
func (errCheckpoint) Hint() string { return noCheckpointHint }
