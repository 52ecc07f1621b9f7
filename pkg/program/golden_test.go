package program_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

var update = flag.Bool("update", false, "write the golden files anew")

// heading is a step of which only the line matters.
type heading string

func (h heading) String() string { return string(h) }

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

// everything is a program that uses every word of the builder once; what it would do makes no sense.
func everything() *program.Program {
	p := program.New()
	p.Begin(heading("paths and records"))
	dir := p.Open("/srv", unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	p.Openat2(dir, "a\tb", unix.O_WRONLY|unix.O_CREAT, 0o640, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
	p.WriteFile("/proc/self/uid_map", "0 1000 1\n")
	p.CloseRange(program.Int(3), p.Input("last"), unix.CLOSE_RANGE_CLOEXEC)

	p.Begin(heading("mounts"))
	tree := p.OpenTree(program.CWD, "/usr", true)
	whole := p.OpenTree(dir, "", false)
	p.MountSetattr(tree, true, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID, 0, unix.MS_PRIVATE)
	p.MoveMount(whole, dir)
	p.Mount("tmpfs", "/tmp", "tmpfs", unix.MS_NODEV|unix.MS_NOSUID, "size=1m")
	p.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, "")

	p.Begin(heading("what may fail"))
	p.Try(func() {
		p.Fchdir(dir)
		p.Try(func() { p.Call(unix.SYS_MKDIRAT, dir, p.Str("new"), program.Int(0o755)) }, nil, unix.EEXIST)
		p.Prctl(unix.PR_SET_NO_NEW_PRIVS, program.Int(1))
	}, func() {
		p.Try(func() { p.Close(dir) }, func() { p.Close(tree) }, program.Any)
	}, unix.ENOENT, unix.ENOTDIR)

	p.Begin(heading("a retry"))
	again := p.NewLabel()
	p.Place(again)
	p.AwaitOn(dir)
	p.Goto(again)

	p.Begin(heading("the conversation"))
	p.Tell(program.Noted, program.Int(3))
	p.Tell(program.Born, dir)
	p.Await()
	p.Expect(dir, 0xff, 7, unix.ENODEV)
	p.Copy(p.Input("sock"), dir)

	p.Begin(heading("the end"))
	p.Sigmask()
	p.Call(unix.SYS_EXECVE, p.Str("/bin/sh"), p.Strs([]string{"sh", "-c", `echo "hi"`}), p.Strs(nil))
	p.Call(unix.SYS_GETPID)
	return p
}

func TestPrint(t *testing.T) { golden(t, "everything.txt", everything().String()) }

func TestPrintIsStable(t *testing.T) {
	p := everything()
	before := p.String()
	p.Link(map[string]uint64{"sock": 3})
	if p.String() != before {
		t.Error("linking a program changes how it is printed")
	}
	if everything().String() != before {
		t.Error("the same program is printed in two ways")
	}
}
