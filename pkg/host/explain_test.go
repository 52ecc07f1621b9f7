package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/userns"
)

func TestExplainErrno(t *testing.T) {
	ok := facts{userNS: true, maxUser: "15000", exe: "/usr/bin/urun"}
	with := func(change func(*facts)) facts {
		f := ok
		change(&f)
		return f
	}
	ubuntu := with(func(f *facts) { f.apparmor = "1" })
	docker := with(func(f *facts) { f.seccomp = true })
	for _, c := range []struct {
		name     string
		f        facts
		cloning  bool
		errno    unix.Errno
		why, fix string // parts; both empty: nothing is known
	}{
		{"no user namespaces allowed", with(func(f *facts) { f.maxUser = "0"; f.zero = []string{"user.max_user_namespaces"} }), true, unix.ENOSPC,
			"user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=15000"},
		{"two kinds forbidden", with(func(f *facts) { f.zero = []string{"user.max_mnt_namespaces", "user.max_net_namespaces"} }), true, unix.ENOSPC,
			"user.max_mnt_namespaces and user.max_net_namespaces is 0", "user.max_mnt_namespaces=15000 user.max_net_namespaces=15000"},
		{"limit reached", with(func(f *facts) { f.maxUser = "96365" }), true, unix.ENOSPC, "user.max_user_namespaces is 96365", "=192730"},
		{"limit unreadable", with(func(f *facts) { f.maxUser = "" }), true, unix.ENOSPC, "", ""},
		{"full disk later", ok, false, unix.ENOSPC, "", ""},
		{"too many processes", ok, true, unix.EAGAIN, "as many processes", "ulimit -u"},
		{"nested too deep", ok, true, unix.EUSERS, "32 deep", ""},
		{"Debian's switch", with(func(f *facts) { f.clone = "0" }), true, unix.EPERM,
			"kernel.unprivileged_userns_clone is 0", "kernel.unprivileged_userns_clone=1"},
		{"Debian's switch does not touch root", with(func(f *facts) { f.clone = "0"; f.privileged = true }), true, unix.EPERM, "", ""},
		{"Debian's switch is not about later steps", with(func(f *facts) { f.clone = "0" }), false, unix.EPERM, "", ""},
		{"chroot", with(func(f *facts) { f.chroot = true }), true, unix.EPERM, "in a chroot", "outside"},
		{"chroot before seccomp", with(func(f *facts) { f.chroot, f.seccomp = true, true }), true, unix.EPERM, "in a chroot", "outside"},
		{"engine's filter", docker, true, unix.EPERM, "seccomp filter", "seccomp=unconfined"},
		{"engine's filter and clone3", docker, true, unix.ENOSYS, "hides clone3", "seccomp=unconfined"},
		{"engine's filter and mount", docker, false, unix.EPERM, "seccomp filter", "seccomp=unconfined"},
		{"engine's filter and openat2", docker, false, unix.ENOSYS, "hides the call", "seccomp=unconfined"},
		{"old kernel, later", ok, false, unix.ENOSYS, "does not have the call", "Linux 5.12"},
		{"old kernel", ok, true, unix.ENOSYS, "no clone3", "Linux 5.3"},
		{"kernel without", facts{}, true, unix.EINVAL, "CONFIG_USER_NS", ""},
		{"invalid for another reason", ok, true, unix.EINVAL, "", ""},
		{"AppArmor, next step", ubuntu, false, unix.EPERM, "apparmor_restrict_unprivileged_userns is 1", "profile usr.bin.urun"},
		{"AppArmor, map", ubuntu, false, unix.EACCES, "apparmor_restrict_unprivileged_userns is 1", "userns=0"},
		{"AppArmor, creation", ubuntu, true, unix.EACCES, "apparmor_restrict_unprivileged_userns is 1", "userns=0"},
		{"AppArmor lets root", with(func(f *facts) { f.apparmor = "1"; f.privileged = true }), false, unix.EPERM, "", ""},
		{"AppArmor off", with(func(f *facts) { f.apparmor = "0" }), false, unix.EPERM, "", ""},
		{"nothing known", ok, true, unix.EPERM, "", ""},
		{"another errno", ok, true, unix.ENOMEM, "", ""},
	} {
		check(t, c.name, explainErrno(c.f, c.cloning, c.errno), c.why, c.fix)
	}
}

func TestExplainHelper(t *testing.T) {
	debian := facts{distro: []string{"debian"}}
	for _, c := range []struct {
		name          string
		f             facts
		trouble, said string
		why, fix      string
	}{
		{"missing", debian, "newuidmap is not installed", "", "newuidmap is not installed", "sudo apt-get install uidmap"},
		{"no_new_privs", debian, "no_new_privs is set, so newuidmap cannot gain its privilege", "", "no_new_privs", "allowPrivilegeEscalation"},
		{"nosuid", debian, "/usr/bin/newuidmap is on a mount with nosuid", "", "nosuid", "remount"},
		{"plain file", debian, "/usr/bin/newuidmap is neither setuid root nor has file capabilities", "", "neither", "chmod u+s"},
		{"root is not mapped", facts{nested: true}, "/usr/bin/newuidmap is neither setuid root nor has file capabilities", "", "in this user namespace", "one id only"},
		{"bounding set", debian, "CAP_SETUID is not in the bounding set, so newuidmap cannot gain its privilege", "", "bounding", "CAP_SETUID"},
		{"not allowed", debian, "", "uid range [1-11) -> [5-15) not allowed", "does not give these ids", "usermod --add-subuids"},
		{"outer namespace", facts{nested: true}, "", "write to uid_map failed: Operation not permitted", "outer user namespace", "one only"},
		{"unknown", debian, "", "write to uid_map failed: Operation not permitted", "", ""},
	} {
		check(t, c.name, explainHelper(c.f, c.trouble, c.said), c.why, c.fix)
	}
}

func TestExplainOwned(t *testing.T) {
	s := userns.SubIDs{Source: "/etc/subuid", UIDs: []idmap.Range{{Start: 100000, Count: 65536}}}
	check(t, "one side", explainOwned(s, nil), "user ids 100000-165535 and the group ids none", "usermod")
	check(t, "none", explainOwned(userns.SubIDs{Source: "getsubids"}, nil), "getsubids has no range", "usermod")
	check(t, "unknown", explainOwned(userns.SubIDs{}, unix.EACCES), "permission denied", "")
}

// Explain itself, on this machine: it finds the kind of error inside a chain and never panics.
func TestExplainHere(t *testing.T) {
	if c := Explain(Clone, errors.New("no errno")); c != (Cause{}) {
		t.Errorf("explained %+v", c)
	}
	for _, err := range []error{unix.ENOSPC, unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSYS, &userns.HelperError{Command: "newuidmap", Stderr: "x"}} {
		t.Logf("%v: %+v", err, Explain(Clone, fmt.Errorf("create x: %w", err)))
	}
	owned := fmt.Errorf("uidMappings: %w", &idmap.NotOwnedError{Line: 1})
	if c := Explain("check the map", owned); c.Why == "" {
		t.Errorf("a map of others is not explained")
	}
	if chrooted() || distro() == nil {
		t.Logf("chroot %v, distribution %v", chrooted(), distro())
	}
}

func TestAppArmorProfile(t *testing.T) {
	got := appArmor(facts{exe: "/home/dev/my tools/urun[1]"}).Fix
	want := `for /home/dev/my tools/urun[1] alone:
sudo tee /etc/apparmor.d/home.dev.my_tools.urun_1_ >/dev/null <<'EOT'
abi <abi/4.0>,
include <tunables/global>
profile home.dev.my_tools.urun_1_ "/home/dev/my tools/urun\[1\]" flags=(unconfined) {
  userns,
  include if exists <local/home.dev.my_tools.urun_1_>
}
EOT
sudo apparmor_parser -r /etc/apparmor.d/home.dev.my_tools.urun_1_
for all programs: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, exe := range []string{"", "/memfd:urun (deleted)", "/usr/bin/urun (deleted)"} {
		if got := appArmor(facts{exe: exe}).Fix; strings.Contains(got, "profile") || got == "" {
			t.Errorf("%q: %s", exe, got)
		}
	}
}

func TestDistros(t *testing.T) {
	for _, c := range []struct{ in, fix string }{
		{"ID=debian\n", "sudo apt-get install uidmap"},
		{"NAME=x\nID_LIKE=\"ubuntu debian\"\nID=linuxmint\n", "sudo apt-get install uidmap"},
		{"ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install shadow-utils"},
		{"ID=opensuse-leap\nID_LIKE='suse opensuse'\n", "sudo zypper install shadow"},
		{"ID=arch", "sudo pacman -S shadow"},
		{"ID=alpine\n", "sudo apk add shadow-uidmap"},
		{"", install(nil)},
	} {
		if got := install(distros([]byte(c.in))); got != c.fix {
			t.Errorf("%q: %s", c.in, got)
		}
	}
	if got := distros([]byte("ID_LIKE=b\nID=a\n")); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("order %v", got)
	}
}

// check compares a cause by its parts.
func check(t *testing.T, name string, c Cause, why, fix string) {
	t.Helper()
	if why == "" && c != (Cause{}) {
		t.Errorf("%s: explained %+v", name, c)
	}
	if !strings.Contains(c.Why, why) || !strings.Contains(c.Fix, fix) {
		t.Errorf("%s: %+v, want %q and %q", name, c, why, fix)
	}
}
