package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/step"
)

func TestParseOptions(t *testing.T) {
	for list, want := range map[string]options{
		"":                          {},
		"defaults,acl,loud":         {},
		"ro,nosuid,nodev,noexec":    {flags: unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		"nosuid,nodev,dev,suid":     {},
		"noatime,atime,nosymfollow": {flags: msNosymfollow},
		"rbind":                     {flags: unix.MS_BIND | unix.MS_REC},
		"bind,rslave":               {flags: unix.MS_BIND, propagation: unix.MS_SLAVE | unix.MS_REC},
		"private":                   {propagation: unix.MS_PRIVATE},
		"rro,rnosuid":               {rec: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID},
		"rnosuid,rsuid":             {recClr: unix.MOUNT_ATTR_NOSUID},
		"rsuid,rnosuid":             {rec: unix.MOUNT_ATTR_NOSUID},
		"rnoatime,ratime":           {recClr: unix.MOUNT_ATTR__ATIME},
		"tmpcopyup,mode=755":        {copyUp: true, data: []string{"mode=755"}},
		"rprivate,rprivate":         {propagation: unix.MS_PRIVATE | unix.MS_REC},
		"src-nofollow,copy-symlink": {links: step.SourceNoFollow | step.CopySymlink},
		"size=1m,ro,mode=755":       {flags: unix.MS_RDONLY, data: []string{"size=1m", "mode=755"}},
		"RO":                        {data: []string{"RO"}},
	} {
		var words []string
		if list != "" {
			words = strings.Split(list, ",")
		}
		if got, err := parseOptions("mounts[0]", words); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q gives %+v (%v), want %+v", list, got, err, want)
		}
	}
}

// TestMountOptionsTable: in order and without repetition, or a search would find the wrong one.
func TestMountOptionsTable(t *testing.T) {
	names := MountOptions()
	slices.Sort(names)
	if len(slices.Compact(names)) != len(names) {
		t.Errorf("an option is there twice: %v", names)
	}
	for _, o := range mountOptions {
		if o.set&o.clr != 0 || o.rec&o.recClr != 0 || o.propagation != 0 && o.set != 0 {
			t.Errorf("%s contradicts itself", o.name)
		}
	}
}

func TestRootPropagation(t *testing.T) {
	for name, want := range map[string][2]string{
		"":            {"MS_REC|MS_SLAVE", "0x0"},
		"private":     {"MS_REC|MS_PRIVATE", "0x0"},
		"rprivate":    {"MS_REC|MS_PRIVATE", "0x0"},
		"slave":       {"MS_REC|MS_SLAVE", "0x0"},
		"rslave":      {"MS_REC|MS_SLAVE", "0x0"},
		"shared":      {"MS_REC|MS_SLAVE", "MS_SHARED"}, // pivot_root(2) refuses shared mounts: sharing comes last
		"rshared":     {"MS_REC|MS_SLAVE", "MS_SHARED"},
		"unbindable":  {"MS_REC|MS_SLAVE", "MS_UNBINDABLE"},
		"runbindable": {"MS_REC|MS_SLAVE", "MS_UNBINDABLE"},
	} {
		all, root, err := rootPropagation(name)
		if got := [2]string{program.Flags(all), program.Flags(root)}; err != nil || got != want {
			t.Errorf("%q gives %v (%v), want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"ro", "bind", "Shared"} {
		if _, _, err := rootPropagation(name); err == nil {
			t.Errorf("%q is taken for a propagation", name)
		}
	}
}

func TestParseCaps(t *testing.T) {
	list := func(names ...string) []string { return names }
	for name, tc := range map[string]struct {
		caps  *specs.LinuxCapabilities
		uid   uint32
		last  int
		want  capSets
		codes []string
	}{
		"none at all": {caps: nil, last: 40},
		"each set": {
			caps: &specs.LinuxCapabilities{
				Bounding: list("CAP_CHOWN", "CAP_FOWNER", "CAP_FSETID"), Effective: list("CAP_FOWNER"), Permitted: list("CAP_FOWNER", "CAP_FSETID"),
				Inheritable: list("CAP_FSETID", "CAP_FOWNER"), Ambient: list("CAP_FSETID"),
			},
			last: 40, want: capSets{bounding: 25, effective: 8, permitted: 24, inheritable: 24, ambient: 16},
		},
		"more than the kernel grants": {
			caps: &specs.LinuxCapabilities{
				Bounding: list("CAP_CHOWN"), Effective: list("CAP_CHOWN", "CAP_KILL"), Permitted: list("CAP_CHOWN"),
				Inheritable: list("CAP_CHOWN", "CAP_KILL"),
			},
			last: 40, want: capSets{bounding: 1, effective: 1, permitted: 1, inheritable: 1}, codes: list("URUN-CAP-003", "URUN-CAP-003"),
		},
		"the newest": {caps: &specs.LinuxCapabilities{Bounding: list("CAP_CHECKPOINT_RESTORE")}, last: 40, want: capSets{bounding: 1 << 40}},
		"unknown to the kernel": {
			caps: &specs.LinuxCapabilities{Bounding: list("CAP_CHECKPOINT_RESTORE", "CAP_CHOWN"), Permitted: list("CAP_CHECKPOINT_RESTORE")},
			last: 39, want: capSets{bounding: 1}, codes: list("URUN-CAP-001"),
		},
		"unknown to anybody": {
			caps: &specs.LinuxCapabilities{Bounding: list("CAP_X", "CHOWN", "cap_chown")}, last: 40,
			codes: list("URUN-CAP-001"),
		},
		"ambient that cannot be, root": {caps: &specs.LinuxCapabilities{Ambient: list("CAP_CHOWN")}, last: 40},
		"ambient that cannot be, user": {caps: &specs.LinuxCapabilities{Ambient: list("CAP_CHOWN")}, uid: 5, last: 40, codes: list("URUN-CAP-002")},
	} {
		t.Run(name, func(t *testing.T) {
			var codes []string
			p := &specs.Process{Capabilities: tc.caps, User: specs.User{UID: tc.uid}}
			got := parseCaps(p, tc.last, func(n Notice) { codes = append(codes, n.Code) })
			if got != tc.want || !slices.Equal(codes, tc.codes) {
				t.Errorf("%+v with notices %v, want %+v with %v", got, codes, tc.want, tc.codes)
			}
		})
	}
}

// TestCapabilityNumbers against the constants of the kernel's header.
func TestCapabilityNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"CAP_CHOWN": unix.CAP_CHOWN, "CAP_SYS_ADMIN": unix.CAP_SYS_ADMIN, "CAP_SETFCAP": unix.CAP_SETFCAP, "CAP_SYSLOG": unix.CAP_SYSLOG,
		"CAP_AUDIT_READ": unix.CAP_AUDIT_READ, "CAP_CHECKPOINT_RESTORE": unix.CAP_CHECKPOINT_RESTORE, "CAP_": -1, "": -1,
	} {
		if got := capNumber(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if len(CapNames()) != unix.CAP_LAST_CAP+1 {
		t.Errorf("%d capabilities, want %d", len(CapNames()), unix.CAP_LAST_CAP+1)
	}
}

func TestRlimitNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"CPU": unix.RLIMIT_CPU, "NOFILE": unix.RLIMIT_NOFILE, "NPROC": unix.RLIMIT_NPROC, "AS": unix.RLIMIT_AS,
		"MEMLOCK": unix.RLIMIT_MEMLOCK, "RTTIME": unix.RLIMIT_RTTIME, "MSGQUEUE": unix.RLIMIT_MSGQUEUE,
	} {
		if got := slices.Index(rlimitNames[:], name); got != want {
			t.Errorf("RLIMIT_%s is %d, want %d", name, got, want)
		}
	}
}

func TestNamespaceTypes(t *testing.T) {
	for _, name := range NamespaceTypes() {
		if flag := NamespaceFlag(specs.LinuxNamespaceType(name)); program.Namespaces(flag) != name {
			t.Errorf("%s is called %s in the program", name, program.Namespaces(flag))
		}
	}
}

func TestNotice(t *testing.T) {
	for want, n := range map[string]Notice{
		"C: w: g":            {Code: "C", Want: "w", Got: "g"},
		"C: w: g (y); do it": {Code: "C", Want: "w", Got: "g", Why: "y", Fix: "do it"},
	} {
		if n.String() != want {
			t.Errorf("%q, want %q", n, want)
		}
	}
}

// TestFew: nobody is told of more than can be read, and that there is more is a notice too.
func TestFew(t *testing.T) {
	all := make([]Notice, 5000)
	got := few(all)
	if len(got) != 101 || got[100].Code != "URUN-MANY-001" || got[100].Want != "4900 notices more" {
		t.Errorf("%d of them are told, with %v", len(got), got[len(got)-1])
	}
	if got := few(all[:100]); len(got) != 100 {
		t.Errorf("%d of 100", len(got))
	}
}
