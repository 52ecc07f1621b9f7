package container

import (
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/state"
)

// Runtime is what every verb works with: where state is kept and where notices go.
type Runtime struct {
	Store         state.Store
	CgroupManager string            // plan.BySystemd, ByCgroupfs or NoCgroup; empty: the best that there is
	Strict        bool              // a notice becomes an error
	Notify        func(plan.Notice) // receives what could not be had in full; never nil
	Warn          func(string)      // receives a free warning (an unknown capability, a failing poststop hook); never nil
	Debug         func(string)      // receives what only --debug shows; never nil
}

// CreateOptions are the flags that create and run share.
type CreateOptions struct {
	Bundle        string // absolute path of the bundle
	ConsoleSocket string // unix socket that receives the console's master
	PidfdSocket   string // unix socket that receives a pidfd of the container's process
	PidFile       string
	NoPivot       bool
	NoNewKeyring  bool
	PreserveFDs   int             // descriptors 3 … 3+n-1 are handed to the container
	KeepGroups    bool            // the caller's supplementary groups stay
	Activation    plan.Activation // its sockets come before the descriptors of PreserveFDs

	Network NetworkFlags

	attended bool // urun stays until the container's end
}

// RunOptions are the flags of run.
type RunOptions struct {
	CreateOptions
	Detach      bool
	Keep        bool // do not delete the container when its process ends
	NoSubreaper bool
}

// ExecOptions are the flags of exec. Args or ProcessFile is set, not both.
type ExecOptions struct {
	Args           []string
	ProcessFile    string // JSON of an OCI process; of the fields below that say what it is only TTY counts beside it
	Cwd            string
	Env            []string
	TTY            bool
	User           string // UID[:GID]
	AdditionalGids []uint32
	Caps           []string
	NoNewPrivs     *bool
	ProcessLabel   string
	Apparmor       string
	ConsoleSocket  string
	PidfdSocket    string
	PidFile        string
	PreserveFDs    int
	Detach         bool
	IgnorePaused   bool
	Cgroup         string
}
