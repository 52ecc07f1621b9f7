package step_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

var update = flag.Bool("update", false, "write the golden files anew")

// words are the steps of the golden, each in the forms in which it emits different calls.
var words = []step.Step{
	step.Keep{}, step.Undumpable{}, step.Dumpable{},
	step.OOMScore{Adj: -500},
	step.Join{Input: "ns0", Flags: unix.CLONE_NEWNET, From: "/run/netns/blue"},
	step.Join{Input: "target", Flags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID, From: "web"},
	step.Fork{}, step.Fork{Flags: unix.CLONE_NEWPID | unix.CLONE_NEWTIME},
	step.IDMap{UID: idmap.One(0, 1000), GID: idmap.One(5, 1001)},
	step.Await{For: "id maps"}, step.Unshare{Flags: unix.CLONE_NEWCGROUP},
	step.Become{UID: 0, GID: 0, SetGroups: true}, step.Become{UID: 1000, GID: 100, Hidden: true},
	step.Keyring{Name: "_ses.web"},
	step.Propagation{Flags: unix.MS_SLAVE | unix.MS_REC},
	step.Root{Path: "/srv/rootfs"},
	step.Mount{Type: "proc", Source: "proc", Dest: "/proc", Plain: true, Flags: unix.MS_NOSUID},
	step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/var/run/x", Data: "size=1m,mode=755", Attr: unix.MOUNT_ATTR_RDONLY, Propagation: unix.MS_PRIVATE},
	step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/etc", Flags: unix.MS_RDONLY | unix.MS_NOSUID, Data: "size=1m,mode=755", CopyUp: true},
	step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/tmp"},
	step.Mount{Type: "tmpfs", Source: "tmpfs", Dest: "/ids", Data: "mode=755", UIDMap: idmap.One(5, 0), GIDMap: idmap.One(7, 0)},
	step.Bind{Source: "/etc/hosts", Dest: "/etc/hosts"},
	step.Bind{Source: "/etc/mtab", Dest: "/etc/mtab", Links: step.SourceNoFollow | step.DestNoFollow | step.CopySymlink},
	step.Bind{Source: "/srv", Dest: "/srv", Recursive: true, AttrAll: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_STRICTATIME, ClearAll: unix.MOUNT_ATTR_RDONLY, NoTimes: 1},
	step.Bind{Dest: "/srv", Attr: unix.MOUNT_ATTR_RDONLY, Remount: true},
	step.Bind{Source: "/srv", Dest: "/mnt/a/srv", Recursive: true, Attr: unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOATIME, Propagation: unix.MS_SLAVE | unix.MS_REC},
	step.Bind{Source: "/sys", Dest: "/sys", Recursive: true, AttrAll: unix.MOUNT_ATTR_RDONLY},
	step.Device{Source: "/dev/null", Dest: "/dev/null"},
	step.Fifo{Path: "/dev/pipe", Mode: 0o622, UID: 7},
	step.Symlink{Target: "/proc/self/fd", Path: "/dev/fd"},
	step.Loopback{}, step.Hostname{Name: "web"}, step.Domainname{Name: "example"},
	step.Sysctl{Key: "net.ipv4.ping_group_range", Value: "0 0"},
	step.Session{},
	step.Console{UID: 1000, GID: 5, Rows: 24, Cols: 80, InRoot: true, Device: true}, step.Console{},
	step.Handover{FD: 1, UID: 1000, GID: 100}, step.Redirect{Input: "out", FD: 1},
	step.CallOut{Number: 2, Name: "prestart hook /bin/true"},
	step.HoldNamespaces{}, step.CallOut{Number: 3, Name: "startContainer hook /bin/true", Show: unix.CLONE_NEWUSER}, step.Forget{},
	step.Mask{Path: "/proc/kcore"}, step.Readonly{Path: "/proc/sys"},
	step.RootAttr{Set: unix.MOUNT_ATTR_RDONLY}, step.RootAttr{Propagation: unix.MS_SHARED},
	step.Pivot{}, step.Chroot{},
	step.Cwd{Path: "/home"}, step.Umask{Mask: 0o27},
	step.Rlimit{Name: "RLIMIT_NOFILE", Resource: unix.RLIMIT_NOFILE, Soft: 1024, Hard: unix.RLIM_INFINITY},
	step.Find{Name: "sh", Files: []string{"/usr/bin/sh", "/bin/sh"}}, step.Find{Name: "sh"},
	step.Scheduler{Name: "SCHED_BATCH", Policy: 3, Flags: 1, Nice: 5},
	step.Scheduler{Name: "SCHED_DEADLINE", Policy: 6, Runtime: 1000, Deadline: 2000, Period: 3000},
	step.IOPriority{Name: "IOPRIO_CLASS_BE", Class: 2, Level: 6}, step.Affinity{CPUs: "0-1", Mask: []uint64{3}},
	step.MemoryPolicy{Name: "MPOL_BIND|MPOL_F_STATIC_NODES", Mode: 2 | 1<<15, Nodes: "0", Mask: []uint64{1}}, step.MemoryPolicy{Name: "MPOL_DEFAULT"},
	step.Personality{Name: "LINUX32", Persona: 8},
	step.TimeOffsets{Offsets: []string{"boottime 1 0", "monotonic -5 100"}},
	step.HostProc{}, step.ExecLabel{Module: "apparmor", Label: "web"}, step.ExecLabel{Module: "selinux", Label: "u:r:t:s0"},
	step.Ready{}, step.Listen{Namespaces: unix.CLONE_NEWUSER | unix.CLONE_NEWPID},
	step.Bounding{Keep: 0b101, Last: 3},
	step.User{UID: 1000, GID: 100, Groups: []uint32{5, 6}, SetGroups: true}, step.User{},
	step.Caps{Effective: 1 << 40, Permitted: 1<<40 | 1, Inheritable: 1, Ambient: 1}, step.NoNewPrivs{},
	step.Inheritance{Preserve: 2, Ignored: []int{1, 22}},
	step.Seccomp{Insns: []unix.SockFilter{{Code: 6, K: 0x7fff0000}}, Flags: unix.SECCOMP_FILTER_FLAG_LOG},
	step.Seccomp{Insns: []unix.SockFilter{{Code: 6, K: 0x7fff0000}}, Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, Listener: "/run/agent.sock"},
	step.GiveUp{Name: "CAP_SYS_ADMIN", Caps: step.Caps{Effective: 1, Permitted: 1}},
	step.Exec{Files: []string{"/usr/bin/sh", "/bin/sh"}, Args: []string{"sh", "-c", "exit"}, Env: []string{"PATH=/usr/bin:/bin"}},
	step.Optional{Step: step.Hostname{Name: "web"}, On: []syscall.Errno{unix.EPERM}, Noted: 1},
	step.Ladder{On: []syscall.Errno{unix.EPERM, unix.EBUSY}, Rungs: []step.Rung{
		{Step: step.Hostname{Name: "web"}}, {Step: step.Domainname{Name: "web"}, Noted: 2}, {Step: step.Umask{}, Noted: 3},
	}},
}

func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, s := range words {
		p := program.New()
		p.Begin(s)
		s.Emit(p)
		b.WriteString(strings.Replace(p.String(), "# 1 ", "# ", 1) + "\n")
	}
	path := filepath.Join("testdata", "steps.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := b.String(), read(t, path); got != want {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, firstDifference(got, want))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// TestEveryWordHasAGolden: a new step comes with its calls written down; and they stay few.
func TestEveryWordHasAGolden(t *testing.T) {
	shown := map[string]bool{}
	for _, s := range words {
		shown[strings.TrimPrefix(fmt.Sprintf("%T", s), "step.")] = true
	}
	all := declared(t)
	for _, name := range all {
		if !shown[name] {
			t.Errorf("step %s is not in the golden", name)
		}
	}
	if len(all) > 60 {
		t.Errorf("%d words: first try to say it with those that exist", len(all))
	}
}

// declared lists the types of this package that have an Emit.
func declared(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "Emit" && fn.Recv != nil {
				names = append(names, fn.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	return names
}
