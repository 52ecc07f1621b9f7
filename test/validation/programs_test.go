package validation

// A difference is a failure that a program reports of urun, and why it is right that it does.
type difference struct {
	failure   string // a regular expression, for the beginning of the failure
	reason    string
	sometimes bool // the program may also not report it
}

// inNamespace are the programs that need root for what they do themselves, to which root of a user namespace is enough: urun runs
// in it as it does in another container.
var inNamespace = map[string]bool{
	"linux_ns_nopath":    true, // maps ids from 1000 on, which are not the user's on the host
	"linux_ns_path":      true, // calls unshare(1) for namespaces other than a user namespace
	"linux_uid_mappings": true, // as linux_ns_nopath
}

// differs has the failures that are expected of the programs that are run. One that does not happen is an error too.
var differs = map[string][]difference{
	"delete": {
		{failure: "attempting to `delete` a container that is not `stopped` MUST generate an error",
			reason: "a container that was never started is deleted without force, as runc and crun do, by whose clients this is used"},
		{failure: "attempting to `delete` a container that is not `stopped` MUST have no effect .*container does not exist", reason: "the same"},
	},
	"hooks_stdin": {
		{failure: `the state of the container MUST be passed to "prestart" hook over stdin: .*wrong status .*creating`,
			reason: "wants the status created; prestart hooks are part of the create operation, and so the status is creating"},
	},
	"linux_masked_paths":   {{failure: "exit code 1: operation not permitted", reason: "ends with device nodes, which root alone can make"}},
	"linux_readonly_paths": {{failure: "exit code 1: operation not permitted", reason: "the same"}},
	"pidfile": {
		{failure: "create with '--pid-file' option works: .*container not running", sometimes: true,
			reason: "kills a process that has ended by then, which the specification wants refused"},
	},
	"process_rlimits": {
		{failure: "has expected soft RLIMIT_NOFILE", reason: "asks a Go program, in which Go has raised this limit"},
	},
	"start": {
		{failure: "exit status 1", reason: "wants a config without process created; that is refused at once, as by runc and crun"},
	},
}

// races has the programs that lose a race with the container now and then, whichever runtime it is. They are tried a few times.
var races = map[string]string{
	"killsig":   "sends a signal to a shell that has not set its trap yet, and that signal is lost for process 1",
	"poststart": "looks which of two processes that run at the same time writes first",
}

// notRun are the other programs of the suite.
var notRun = map[string]string{
	"delete_only_create_resources":   rootsCgroups,
	"delete_resources":               rootsCgroups,
	"linux_cgroups_blkio":            rootsCgroups,
	"linux_cgroups_cpus":             rootsCgroups,
	"linux_cgroups_devices":          rootsCgroups,
	"linux_cgroups_hugetlb":          rootsCgroups,
	"linux_cgroups_memory":           rootsCgroups,
	"linux_cgroups_network":          rootsCgroups,
	"linux_cgroups_pids":             rootsCgroups,
	"linux_cgroups_relative_blkio":   rootsCgroups,
	"linux_cgroups_relative_cpus":    rootsCgroups,
	"linux_cgroups_relative_devices": rootsCgroups,
	"linux_cgroups_relative_hugetlb": rootsCgroups,
	"linux_cgroups_relative_memory":  rootsCgroups,
	"linux_cgroups_relative_network": rootsCgroups,
	"linux_cgroups_relative_pids":    rootsCgroups,
	"linux_process_apparmor_profile": "wants a profile that root has loaded",
	"linux_devices":                  "wants device nodes of numbers that no host has: root alone can make them",
	"linux_ns_itype":                 "wants the container to live in the caller's own mount namespace, which belongs to root",
	"hooks":                          "compares with a text that its own hooks do not write: no runtime can pass",
	"prestart":                       "wants prestart hooks after start; since 1.0.2 they are part of create",
	"poststart_fail":                 "wants a warning and the container to go on; since 1.2 it is stopped",
	"process_capabilities_fail":      "wants an unknown capability refused; since 1.1 it is a warning",
}

// rootsCgroups: these look into the hierarchies of cgroup version 1, or at paths from the very top of version 2, where an ordinary
// user has nothing. pkg/cgroup and test/vm have tests of what a user's own part of the tree can do.
const rootsCgroups = "needs cgroups that belong to root"
