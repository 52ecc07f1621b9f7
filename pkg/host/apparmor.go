package host

import "strings"

// restricted tells whether AppArmor takes the capabilities away from whoever creates a user namespace without a
// profile that allows it: Ubuntu since 23.10, on by default since 24.04. The creation succeeds; what comes next fails.
func restricted(f facts) bool { return f.apparmor == "1" && !f.privileged }

// appArmor explains the restriction with a profile for this very program, as profiles are bound to paths.
func appArmor(f facts) Cause {
	c := Cause{
		Why: "kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor leaves no capability in a new user namespace to a" +
			" program without a profile",
		Fix: "for all programs: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
	}
	if !strings.HasPrefix(f.exe, "/") || strings.HasPrefix(f.exe, "/memfd:") || strings.HasSuffix(f.exe, " (deleted)") {
		return c
	}
	name := profileName(f.exe)
	c.Fix = "for " + f.exe + " alone:\n" +
		"sudo tee /etc/apparmor.d/" + name + " >/dev/null <<'EOT'\n" +
		"abi <abi/4.0>,\n" +
		"include <tunables/global>\n" +
		"profile " + name + " " + profilePath(f.exe) + " flags=(unconfined) {\n" +
		"  userns,\n" +
		"  include if exists <local/" + name + ">\n" +
		"}\n" +
		"EOT\n" +
		"sudo apparmor_parser -r /etc/apparmor.d/" + name + "\n" +
		c.Fix
	return c
}

// profileName makes a file name of a path, as the profiles of distributions are named: usr.bin.urun.
func profileName(path string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '/':
			return '.'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-+", r):
			return r
		}
		return '_'
	}, strings.TrimPrefix(path, "/"))
}

// profilePath quotes a path for a profile, where globs have a meaning (apparmor.d(5)).
func profilePath(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range path {
		if strings.ContainsRune(`"\*?[]{}^,@`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
