package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/plan"
)

// with lays the JSON of change over a config that can be had, member by member.
func with(t *testing.T, change string) *specs.Spec {
	t.Helper()
	spec := &specs.Spec{
		Process: &specs.Process{Args: []string{"true"}, Cwd: "/"},
		Root:    &specs.Root{Path: "rootfs"},
		Linux:   &specs.Linux{Namespaces: []specs.LinuxNamespace{{Type: specs.MountNamespace}, {Type: specs.PIDNamespace}, {Type: specs.UserNamespace}}},
	}
	if err := json.Unmarshal([]byte(change), spec); err != nil {
		t.Fatalf("%s: %v", change, err)
	}
	return spec
}

const noIDMap = "an id-mapped mount is refused to an ordinary user: the kernel asks for CAP_SYS_ADMIN in the user namespace " +
	"that the file system was mounted from, which is the host's (mount_setattr(2): EPERM)"

const unsupported = ": it is for another system than Linux; remove it from config.json to run without it"

// TestRefused: what cannot be had is refused with the key of the config that asks for it.
func TestRefused(t *testing.T) {
	for change, want := range map[string]string{
		`{"process": null}`:                                                          "process: missing: there is nothing to run",
		`{"root": null}`:                                                             "root: missing",
		`{"linux": null}`:                                                            "linux.namespaces: a mount namespace is missing: without one the container's mounts would be the host's",
		`{"root": {"path": ""}}`:                                                     "root.path: missing",
		`{"root": {"path": "/"}}`:                                                    "root.path: / is the host's own root",
		`{"root": {"path": "../../.."}}`:                                             "root.path: / is the host's own root",
		`{"process": {"args": []}}`:                                                  "process.args: must not be empty",
		`{"process": {"args": [""]}}`:                                                "process.args: must not be empty",
		`{"process": {"cwd": ""}}`:                                                   `process.cwd: "" is not an absolute path`,
		`{"process": {"cwd": "tmp"}}`:                                                `process.cwd: "tmp" is not an absolute path`,
		`{"process": {"oomScoreAdj": 1001}}`:                                         "process.oomScoreAdj: 1001 is not in -1000…1000",
		`{"process": {"user": {"uid": 70000}}}`:                                      "process.user.uid: 70000 is not mapped (uidMappings: 0:1000:1 1:100000:65536)",
		`{"process": {"user": {"gid": 70000}}}`:                                      "process.user.gid: 70000 is not mapped (gidMappings: 0:1000:1 1:100000:65536)",
		`{"process": {"user": {"additionalGids": [5, 70000]}}}`:                      "process.user.additionalGids[1]: 70000 is not mapped (gidMappings: 0:1000:1 1:100000:65536)",
		`{"process": {"rlimits": [{"type": "RLIMIT_NOTHING"}]}}`:                     `process.rlimits[0].type: unknown limit "RLIMIT_NOTHING"`,
		`{"process": {"rlimits": [{"type": "CPU"}]}}`:                                `process.rlimits[0].type: unknown limit "CPU"`,
		`{"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]}}`:   "process.rlimits[0]: soft limit 2 is above the hard limit 1",
		`{"process": {"rlimits": [{"type": "RLIMIT_CPU"}, {"type": "RLIMIT_CPU"}]}}`: "process.rlimits[1]: RLIMIT_CPU given twice",

		`{"linux": {"namespaces": [{"type": "pid"}]}}`:                                                                 "linux.namespaces: a mount namespace is missing: without one the container's mounts would be the host's",
		`{"linux": {"namespaces": [{"type": "mnt"}]}}`:                                                                 `linux.namespaces[0].type: unknown namespace "mnt"`,
		`{"linux": {"namespaces": [{"type": "mount"}, {"type": "mount"}]}}`:                                            "linux.namespaces[1]: mount namespace given twice",
		`{"linux": {"namespaces": [{"type": "mount", "path": "x"}]}}`:                                                  `linux.namespaces[0].path: "x" is not an absolute path`,
		`{"linux": {"rootfsPropagation": "loud"}}`:                                                                     `linux.rootfsPropagation: unknown value "loud"`,
		`{"linux": {"maskedPaths": ["/a", "b"]}}`:                                                                      `linux.maskedPaths[1]: "b" is not an absolute path`,
		`{"linux": {"readonlyPaths": ["b"]}}`:                                                                          `linux.readonlyPaths[0]: "b" is not an absolute path`,
		`{"linux": {"devices": [{"path": "fuse"}]}}`:                                                                   `linux.devices[0].path: "fuse" is not an absolute path`,
		`{"linux": {"uidMappings": [{"hostID": 1000, "size": 1}]}}`:                                                    "linux.gidMappings: ",
		`{"linux": {"uidMappings": [{"hostID": 5, "size": 1}], "gidMappings": [{"hostID": 1000, "size": 1}]}}`:         "linux.uidMappings: ",
		`{"linux": {"uidMappings": [{"hostID": 1000, "size": 1}], "gidMappings": [{"hostID": 5, "size": 1}]}}`:         "linux.gidMappings: ",
		`{"linux": {"namespaces": [{"type": "mount"}, {"type": "user", "path": "/x"}], "uidMappings": [{"size": 1}]}}`: "linux.uidMappings: given without a new user namespace that it could be for",

		`{"hostname": "web"}`: "hostname: given without a uts namespace: it would be the host's",
		`{"domainname": "d"}`: "domainname: given without a uts namespace: it would be the host's",
		`{"hostname": "` + strings.Repeat("x", 65) + `", "linux": {"namespaces": [{"type": "mount"}, {"type": "uts"}]}}`: "hostname: 65 bytes are more than the 64 that the kernel takes",

		`{"mounts": [{"destination": "x"}]}`:                                                                                               `mounts[0].destination: "x" is not an absolute path`,
		`{"mounts": [{"destination": "/x"}]}`:                                                                                              "mounts[0].type: missing",
		`{"mounts": [{"destination": "//", "type": "tmpfs"}]}`:                                                                             "mounts[0].destination: / is the container's root itself",
		`{"mounts": [{"destination": "/..", "type": "bind", "source": "/srv"}]}`:                                                           "mounts[0].destination: / is the container's root itself",
		`{"linux": {"maskedPaths": ["/x", "/"]}}`:                                                                                          "linux.maskedPaths[1]: / is the container's root itself",
		`{"linux": {"readonlyPaths": ["/x/.."]}}`:                                                                                          "linux.readonlyPaths[0]: / is the container's root itself; root.readonly makes that read-only",
		`{"mounts": [{"destination": "/x", "type": "bind"}]}`:                                                                              "mounts[0].source: missing for a bind mount",
		`{"mounts": [{"destination": "/x", "source": "/", "options": ["bind", "nosiud"]}]}`:                                                `mounts[0].options: "nosiud" means nothing for a bind mount`,
		`{"mounts": [{"destination": "/x", "source": "/", "options": ["rbind", "ro", "rw"]}]}`:                                             "mounts[0].options[2]: rw contradicts ro",
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "options": ["rrw", "rro"]}]}`:                                                  "mounts[0].options[1]: rro contradicts rrw",
		`{"mounts": [{"destination": "/x", "type": "mqueue", "options": ["ro", "tmpcopyup"]}]}`:                                            "mounts[0].options: tmpcopyup is for a tmpfs",
		`{"mounts": [{"destination": "/x", "source": "/", "options": ["bind", "tmpcopyup"]}]}`:                                             "mounts[0].options: tmpcopyup is for a tmpfs",
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "options": ["src-nofollow"]}]}`:                                                "mounts[0].options: src-nofollow, dest-nofollow and copy-symlink are for bind mounts",
		`{"mounts": [{"destination": "/x", "type": "bind", "source": "/", "options": ["idmap"]}]}`:                                         "mounts[0].options[0]: idmap: " + noIDMap,
		`{"mounts": [{"destination": "/x", "source": "/", "options": ["bind", "rw", "ridmap"]}]}`:                                          "mounts[0].options[2]: ridmap: " + noIDMap,
		`{"mounts": [{"destination": "/x", "type": "bind", "source": "/", "gidMappings": [{"size": 1}]}]}`:                                 "mounts[0].uidMappings: " + noIDMap,
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "options": ["shared", "private"]}]}`:                                           "mounts[0].options[1]: private: a second propagation",
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "uidMappings": [{"size": 1}]}]}`:                                               "mounts[0]: uidMappings and gidMappings go together",
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "uidMappings": [{"hostID": 1000, "size": 2}], "gidMappings": [{"size": 1}]}]}`: "mounts[0].uidMappings: the host's ids 1000 to 1001 are not in one piece of the container's map (0:1000:1 1:100000:65536)",

		`{"hooks": {"poststop": [{"path": "rel"}]}}`:                   `hooks.poststop[0].path: "rel" is not an absolute path`,
		`{"hooks": {"prestart": [{"path": "/a"}, {"path": ""}]}}`:      `hooks.prestart[1].path: "" is not an absolute path`,
		`{"hooks": {"createRuntime": [{"path": "/a", "timeout": 0}]}}`: "hooks.createRuntime[0].timeout: 0 is not a positive number of seconds",

		`{"linux": {"seccomp": {}}}`:                                                         "linux.seccomp.defaultAction: missing",
		`{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_NOPE"}}}`:                         `linux.seccomp.defaultAction: unknown action "SCMP_ACT_NOPE"`,
		`{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "rel"}}}`: `linux.seccomp.listenerPath: "rel" is not an absolute path`,
		`{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/a", "syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_NOTIFY"}, {"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}]}}}`: "linux.seccomp.syscalls[1].action: SCMP_ACT_NOTIFY cannot be had for write, by which the agent comes to hear of the container",
		`{"linux": {"resources": {"devices": [{"allow": true}, {"type": "x"}]}}}`: `linux.resources.devices[1].type: "x" is not a, b or c`,
		`{"linux": {"resources": {"devices": [{"access": "rx"}]}}}`:               `linux.resources.devices[0].access: "rx" is not made of r, w and m`,
		`{"linux": {"resources": {"devices": [{"major": -2}]}}}`:                  `linux.resources.devices[0].major: -2 is below 0`,
		`{"linux": {"resources": {"devices": [{"minor": -2}]}}}`:                  `linux.resources.devices[0].minor: -2 is below 0`,
		`{"linux": {"intelRdt": {}}}`:                                             "linux.intelRdt: cache and bandwidth are shared out by the host's root alone (/sys/fs/resctrl)",
		`{"linux": {"personality": {}}}`:                                          `linux.personality.domain: unknown domain ""`,
		`{"linux": {"timeOffsets": {"boottime": {}}}}`:                            "linux.timeOffsets: given without a time namespace: the clocks would be the host's",
		`{"linux": {"netDevices": {"eth0": {}}}}`:                                 "linux.netDevices: an ordinary user has no rights over the host's network devices and cannot move one into a container",
		`{"windows": {}}`:                       "windows" + unsupported,
		`{"process": {"apparmorProfile": "x"}}`: `process.apparmorProfile: "x" cannot be applied: AppArmor is not enabled on this host`,
		`{"process": {"selinuxLabel": "x"}}`:    `process.selinuxLabel: "x" cannot be applied: SELinux is not enabled on this host`,
		`{"process": {"scheduler": {}}}`:        `process.scheduler.policy: unknown policy ""`,
		`{"process": {"ioPriority": {}}}`:       `process.ioPriority.class: unknown class ""`,
	} {
		_, err := plan.Compile(with(t, change), hosts["full"], options())
		switch {
		case err == nil:
			t.Errorf("%s is not refused", change)
		case err.Error() == want:
		case strings.HasSuffix(want, ": ") && strings.HasPrefix(err.Error(), want): // the rest is package idmap's to say
		default:
			t.Errorf("%s\n got %q\nwant %q", change, err, want)
		}
	}
}

// TestNotRefused: what an engine writes by habit, and what asks for nothing.
func TestNotRefused(t *testing.T) {
	for _, change := range []string{
		`{}`,
		`{"linux": {"resources": {"devices": [{"allow": false}], "memory": {}, "cpu": {}}}}`,
		`{"process": {"user": {"uid": 1, "gid": 65536, "additionalGids": [5]}}}`,
		`{"hooks": {}}`,
		`{"annotations": {"a": "b"}}`,
		`{"mounts": [{"destination": "/x", "type": "tmpfs", "options": ["suid", "nosuid", "ro", "acl", "defaults", "whatever=1"]}]}`,
	} {
		if _, err := plan.Compile(with(t, change), hosts["full"], options()); err != nil {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// TestSysctls: only parameters that are the container's own, by their whole name.
func TestSysctls(t *testing.T) {
	const all = `"namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}]`
	const once = ": the kernel holds it once for all, an ordinary user cannot set it"
	const noName = "is not the name of a kernel parameter"
	for key, want := range map[string]string{
		"net.ipv4.ip_forward":             "",
		"net/ipv4/ip_forward":             "",
		"net.ipv4.conf.eth0/1.forwarding": "",
		"kernel.shm_rmid_forced":          "",
		"kernel.domainname":               "",
		"fs.mqueue.msg_max":               "",
		"user.max_user_namespaces":        "",
		"kernel.panic":                    once,
		"kernel.shmmaxx":                  once,
		"netfilter":                       once,
		"vm.swappiness":                   once,
		"":                                noName,
		".net.x":                          noName,
		"/net/x":                          noName,
		"net..x":                          noName,
		"net.x.":                          noName,
		"net/../kernel/panic":             noName,
		"net/./x":                         noName,
		"net.//.kernel.panic":             noName, // net/../kernel/panic, once dots are slashes
		"net.//.//.//.etc.passwd":         noName,
		"net.ipv4/../../../etc/passwd":    noName,
		"net.x\x00y":                      noName,
	} {
		spec := with(t, `{"linux": {`+all+`}}`)
		spec.Linux.Sysctl = map[string]string{key: "1"}
		_, err := plan.Compile(spec, hosts["full"], options())
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", key, err, want)
		}
	}
}

// TestSysctlsOfTheHost: without the namespace that holds a parameter, setting it would change the host's.
func TestSysctlsOfTheHost(t *testing.T) {
	for _, key := range []string{"net.ipv4.ip_forward", "kernel.shmmax", "kernel.hostname", "fs.mqueue.msg_max"} {
		spec := with(t, `{}`)
		spec.Linux.Sysctl = map[string]string{key: "1"}
		_, err := plan.Compile(spec, hosts["full"], options())
		want := "linux.sysctl: " + key + ": it would be the host's: the container has no namespace of its own for it"
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", key, err)
		}
	}
}
