// Package plan turns an OCI config and the facts about a host into the plan of a container: how its process is born and
// the ordered list of steps that it takes to its own command. It decides everything that can be decided before the
// kernel is touched, every rootless fall-back included, and says why where it departs from the config.
//
// It is pure: what comes out depends on the arguments alone. Golden tests compile one config for several hosts.
package plan

import (
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/seccomp"
	"github.com/urun/urun/pkg/step"
)

// Options are what the caller of create, run or plan says beside the config.
type Options struct {
	ID            string
	Bundle        string // absolute path
	NoPivot       bool
	NoNewKeyring  bool
	PreserveFDs   int
	Wait          bool   // create: the process waits for start; run goes straight on. exec: it waits, with its terminal made
	Attended      bool   // urun stays until the container's end
	Rows, Cols    uint16 // size of the caller's terminal, for a console whose size the config leaves open
	Activation    Activation
	CgroupManager string          // BySystemd, ByCgroupfs or NoCgroup; empty: the best that there is
	Filter        *seccomp.Filter // what linux.seccomp, left out of the config, has become before; nil: the config has all
	StateDir      string          // of the container: generated files are there
	JoinsOneID    bool            // the user namespace that is joined has one id, and denies setgroups(2)
	Network       string          // mode of the network, where it is settled already; empty: it is not
	Home          string          // home directory of the user, by the container's own passwd; empty: unknown
}

// Plan is a container before it is born.
type Plan struct {
	Birth    Birth
	Steps    []step.Step
	Cgroup   *Cgroup   // the process is put into it before its first step; nil: it stays in the caller's
	Watch    *Watch    // who watches the container, and what for; nil: nobody need
	Network  *Network  // nil: the config says all about it
	Enter    bool      // the process waits, before its first step, for being put into a cgroup
	CallOuts []CallOut // what the parent does while the child waits, by number
	Notices  []Notice  // what is known by now not to be held in full
	Late     []Notice  // what a step may turn out not to hold, by number
	// Unwatched is what nobody sees because nobody could be found to watch; empty: nothing.
	Unwatched string

	Asides []string // what may help whoever looks for the reason of something, for --debug

	mounts struct{ from, to int } // the steps that the mounts of the config have become, one each
}

// Key is the key of the config that step n, from 0, is about: mounts[3]. It is empty where the step itself says enough.
func (p Plan) Key(n int) string {
	if n < p.mounts.from || n >= p.mounts.to {
		return ""
	}
	return fmt.Sprintf("mounts[%d]", n-p.mounts.from)
}

// Birth is how the process comes into the world.
type Birth struct {
	Rootfs    string     // absolute path on the host
	Flags     uint64     // CLONE_NEW* of clone(2)
	Late      uint64     // CLONE_NEW* that the process makes itself, once it is in its cgroup
	Own       uint64     // CLONE_NEW* of all namespaces that are not the caller's: new or joined
	Joins     []JoinPath // namespaces to join first, in order
	UIDMap    idmap.Map  // nil: no new user namespace
	GIDMap    idmap.Map
	MapBy     MapBy
	SetGroups bool // setgroups(2) is allowed inside
	Terminal  bool
}

// JoinPath is a namespace that exists already; the parent opens Path and passes the descriptor as the input Input.
type JoinPath struct {
	Flag  uint64
	Path  string
	Input string
}

// MapBy says who writes the id maps.
type MapBy string

// The ways to an id map (user_namespaces(7)).
const (
	MapNone    MapBy = "nobody"     // no new user namespace
	MapSelf    MapBy = "itself"     // one id: the process may write its own map
	MapHelpers MapBy = "helpers"    // newuidmap(1) and newgidmap(1)
	MapDirect  MapBy = "its parent" // the caller has CAP_SETUID and CAP_SETGID
)

// CallOut is something that only ordinary Go can do, such as running a hook.
type CallOut struct {
	Kind string // prestart, createRuntime, createContainer, startContainer
	Hook specs.Hook
}

// InContainer says that the hook runs in the container's namespaces (spec: createContainer and startContainer).
func (c CallOut) InContainer() bool { return c.Kind == "createContainer" || c.Kind == "startContainer" }

// Compile makes the plan for spec on host. An error names the key of the config that cannot be had.
func Compile(spec *specs.Spec, host Host, opt Options) (Plan, error) {
	c := &compiler{spec: spec, host: host, opt: opt}
	for _, part := range []func() error{
		c.supported, c.network, c.namespaces, c.ids, c.groups, c.place, // how it is born
		c.birth, c.root, c.mounts, c.networkFiles, c.activation, c.devices, c.names, c.networkUp, c.lowPorts, c.sysctls, // its world
		c.session, c.hooks, c.label, c.seal, c.ready, // it is ready
		c.identity, // it becomes the user and executes the command
	} {
		if err := part(); err != nil {
			return Plan{}, err
		}
	}
	c.plan.Notices = few(c.plan.Notices)
	return c.plan, nil
}

// Answered says whether the process waits for an answer between its birth and its being ready, or after, other than for the
// leave to begin.
func (p Plan) Answered() bool {
	for _, s := range p.Steps {
		switch s := s.(type) {
		case step.CallOut:
			return true
		case step.Seccomp:
			if s.Listener != "" {
				return true
			}
		}
	}
	return false
}

// mostNotices is how many notices anybody reads.
const mostNotices = 100

// few leaves out what is too much, and says so.
func few(all []Notice) []Notice {
	if len(all) <= mostNotices {
		return all
	}
	return append(all[:mostNotices:mostNotices], Notice{
		Code: "URUN-MANY-001", Want: fmt.Sprintf("%d notices more", len(all)-mostNotices), Got: "left out", Why: "they are too many to be read",
	})
}

// Program emits the system calls of the plan.
func (p Plan) Program() *program.Program {
	prog := program.New()
	for _, s := range p.Steps {
		prog.Begin(s)
		s.Emit(prog)
		if prog.Fits() != nil { // it will not be run, and the rest would cost memory without end
			break
		}
	}
	return prog
}

type compiler struct {
	spec *specs.Spec
	host Host
	opt  Options
	env  []string // environment beside the config's
	plan Plan

	watched     string // who watches the container, where that is settled already
	wish        network.Wish
	substitutes []step.Step // what the process does itself in place of limits that no cgroup holds
}

func (c *compiler) add(steps ...step.Step) { c.plan.Steps = append(c.plan.Steps, steps...) }

func (c *compiler) note(n Notice) { c.plan.Notices = append(c.plan.Notices, n) }

// late registers a notice that a step may hand out, and returns its number for step.Optional and step.Rung.
func (c *compiler) late(n Notice) int {
	c.plan.Late = append(c.plan.Late, n)
	return len(c.plan.Late)
}

// own says that the container has namespace flag for itself, new or joined.
func (c *compiler) own(flag uint64) bool { return c.plan.Birth.Own&flag != 0 }
