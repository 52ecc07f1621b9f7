package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// inNamespace is a wrap that runs urun as root of a user namespace of one id, after a line of shell. Newuidmap gives
// nothing there, nobody owns sub-ids: what a pod or a CI runner looks like.
func inNamespace(script string) []string {
	return []string{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "set -e; " + script + `; exec "$@"`, "sh"}
}

// nested makes a config fit for inNamespace, where the caller is uid 0.
func nested(s *specs.Spec) {
	singleMap(s)
	s.Linux.UIDMappings[0].HostID, s.Linux.GIDMappings[0].HostID = 0, 0
}

// likeAServer does what an ordinary server does: it opens a port, writes a file, serves.
const likeAServer = "id -- lo -- write /dev/shm/dump data -- cat /dev/shm/dump"

func TestNoNewPrivsGetsAMapOfOneIdWithANotice(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside(likeAServer))
	c.wrap = []string{"setpriv", "--no-new-privs"}
	c.urun("run", "-b", dir, c.id).exits(0).mentions("uid=0 gid=0", "lo is up", "data").complains("URUN-ID-", "no_new_privs")
	c.nothingLeft()
}

func TestSpecWithoutHelpersWritesAConfigThatRuns(t *testing.T) {
	c := newCaller(t)
	c.wrap = []string{"setpriv", "--no-new-privs"}
	dir := c.bundle(inside(likeAServer))
	if s := readSpec(t, dir); len(s.Linux.UIDMappings) > 1 || (len(s.Linux.UIDMappings) == 1 && s.Linux.UIDMappings[0].Size != 1) {
		t.Errorf("spec wrote a map that cannot be had: %v", s.Linux.UIDMappings)
	}
	c.urun("run", "-b", dir, c.id).exits(0).mentions("uid=0 gid=0", "lo is up")
}

func TestStrictRefusesWhatANoticeWouldTell(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("id"))
	c.wrap, c.flags = []string{"setpriv", "--no-new-privs"}, []string{"--strict"}
	c.urun("run", "-b", dir, c.id).refuses(1, "URUN-ID-")
	c.nothingLeft()
}

func TestNoticesGoToTheLogWhereThereIsOne(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("print ok"))
	log := filepath.Join(c.dir, "log.json")
	c.wrap, c.flags = []string{"setpriv", "--no-new-privs"}, []string{"--log", log, "--log-format", "json"}
	c.urun("run", "-b", dir, c.id).exits(0).prints("ok").silent()
	if got := readFile(t, log); !strings.Contains(got, "URUN-ID-") || !strings.Contains(got, `"level":"warning"`) {
		t.Errorf("log: %s", got)
	}
	c.urun("state", "nobody").exits(1)
	if got := readFile(t, log); !strings.Contains(got, `"level":"error"`) || !strings.Contains(got, "container does not exist") {
		t.Errorf("log: %s", got)
	}
}

func TestInsideANamespaceOfOneId(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside(likeAServer))
	c.wrap = inNamespace("true")
	c.urun("run", "-b", dir, c.id).exits(0).mentions("uid=0 gid=0", "lo is up", "data")
}

func TestWithoutSubIdsAConfigWithoutMapsGetsOneIdWithANotice(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside(likeAServer), func(s *specs.Spec) {
		nested(s)
		s.Linux.UIDMappings, s.Linux.GIDMappings = nil, nil
	})
	c.wrap = inNamespace("true")
	c.urun("run", "-b", dir, c.id).exits(0).mentions("uid=0 gid=0", "lo is up").complains("URUN-ID-")
}

func TestWholeLifeInsideANamespace(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("spawn 2 -- forever"))
	script := filepath.Join(c.dir, "life.sh")
	writeFile(t, script, `set -ex
urun=$1 dir=$2 id=$3
"$urun" create -b "$dir" "$id"
"$urun" start "$id"
"$urun" exec "$id" /inside print entered
"$urun" ps "$id"
"$urun" pause "$id"
"$urun" resume "$id"
"$urun" kill --all "$id" KILL
"$urun" delete -f "$id"
"$urun" list -q
`)
	l := c.launchCommand(nil, append(inNamespace("true"), "sh", script, urunPath, dir, c.id)...)
	l.wait().exits(0).mentions("entered", "child sleep 3600")
}

func TestAMaskedProcIsExplained(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested, inside("print works"))
	c.wrap = inNamespace("mount -t tmpfs tmpfs /proc/driver; mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys")
	r := c.urun("run", "-b", dir, c.id)
	if r.code == 0 { // another way was found: fine, and said where something is lost
		r.prints("works")
		return
	}
	r.refuses(1, "proc", "mask")
	c.nothingLeft()
}

func TestForbiddenUserNamespacesAreExplained(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(nested)
	c.wrap = inNamespace("echo 0 >/proc/sys/user/max_user_namespaces")
	c.urun("run", "-b", dir, c.id).refuses(1, "user namespace", "max_user_namespaces")
	c.nothingLeft()
}

// A filter of system calls around urun, as engines and CI runners have one: what urun can do without it does without, and the
// rest is told with its reason.
func TestCallsThatAFilterRefuses(t *testing.T) {
	for call, errno := range map[string]string{"keyctl": "EPERM", "clone3": "ENOSYS", "pidfd_open": "ENOSYS", "madvise": "EPERM",
		"sched_setscheduler": "EPERM", "pidfd_send_signal": "ENOSYS"} {
		c := newCaller(t)
		c.wrap = []string{insidePath, "deny", call, errno}
		c.run(singleMap, inside("print ok")).exits(0).prints("ok")
	}
	for call, errno := range map[string]string{
		"clone3": "EPERM", "mount": "EPERM", "open_tree": "EPERM", "openat2": "EPERM", "pivot_root": "EPERM", "capset": "EPERM",
		"close_range": "ENOSYS", "mount_setattr": "ENOSYS",
	} {
		t.Run(call, func(t *testing.T) {
			c := newCaller(t)
			dir := c.bundle(singleMap, inside("print ran"))
			c.wrap = []string{insidePath, "deny", call, errno}
			c.urun("run", "-b", dir, c.id).refuses(1, "seccomp filter")
			c.nothingLeft()
		})
	}
	c := newCaller(t)
	dir := c.bundle(singleMap)
	c.wrap = []string{insidePath, "deny", "openat2", "ENOSYS"}
	c.urun("run", "-b", dir, c.id).refuses(1, "openat2: function not implemented", "seccomp filter", "hint: ")
	c.urun("create", "-b", dir, c.id).refuses(1, "openat2: function not implemented", "seccomp filter", "hint: ")
	c.nothingLeft()
}

// Without pidfd_open(2) a process could be taken for another: what needs it says so, and no container counts as ended for that.
func TestAFilterRefusesToOpenTheProcess(t *testing.T) {
	c := newCaller(t)
	c.must("run", "-d", "-b", c.bundle(singleMap, inside("forever")), c.id)
	c.must("create", "-b", c.bundle(singleMap, inside("forever")), c.id+"w")
	for errno, text := range map[string]string{"EPERM": "operation not permitted", "ENOSYS": "function not implemented"} {
		c.wrap = []string{insidePath, "deny", "pidfd_open", errno}
		for _, words := range [][]string{{"kill", c.id, "KILL"}, {"delete", "-f", c.id}, {"delete", c.id + "w"}, {"pause", c.id}} {
			c.urun(words...).refuses(1, "pidfd_open: "+text, "seccomp filter", "hint: ")
		}
		c.urun("exec", c.id, "/inside", "id").refuses(255, "pidfd_open: "+text)
	}
	c.wrap = nil
	c.urun("state", c.id).exits(0).mentions("running")
	c.urun("state", c.id+"w").exits(0).mentions("created")
	c.must("delete", "-f", c.id)
	c.must("delete", c.id+"w")
}

func TestACallerWithoutHomeOrPathWorks(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("id"))
	c.env = []string{"XDG_RUNTIME_DIR=" + c.runtimeDir}
	c.urun("run", "-b", dir, c.id).exits(0).prints("uid=0 gid=0 groups=")
}

func TestABundleInAPrivateDirectoryWorksForOtherUsers(t *testing.T) {
	c := newCaller(t)
	if fi, err := os.Stat(c.dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Fatalf("%v %v", fi, err)
	}
	c.run(user(1000, 1000), inside("id -- ls /")).exits(0).mentions("uid=1000", "inside")
}
