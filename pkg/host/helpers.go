package host

import (
	"strings"

	"github.com/urun/urun/pkg/idmap"
	"github.com/urun/urun/pkg/userns"
)

const addRanges = `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -un)" (a range that nobody else has)`

// explainHelper is about newuidmap and newgidmap: trouble is what FindHelpers says, said is what they said.
func explainHelper(f facts, trouble, said string) Cause {
	switch {
	case strings.HasSuffix(trouble, "is not installed"):
		return Cause{Why: trouble, Fix: install(f.distro)}
	case strings.Contains(trouble, "nosuid"):
		return Cause{Why: trouble, Fix: "remount it with suid, or install newuidmap and newgidmap elsewhere"}
	case strings.Contains(trouble, "neither setuid") && f.nested: // root, who owns it, is nobody in here
		return Cause{Why: trouble + " in this user namespace", Fix: "start urun outside of it, or map one id only"}
	case strings.Contains(trouble, "neither setuid"):
		return Cause{Why: trouble, Fix: `sudo chmod u+s "$(command -v newuidmap)" "$(command -v newgidmap)"`}
	case strings.Contains(trouble, "no_new_privs"):
		return Cause{Why: trouble, Fix: "start urun without no_new_privs (in Kubernetes: allowPrivilegeEscalation: true), or map one id only"}
	case trouble != "":
		return Cause{Why: trouble, Fix: "give the outer container CAP_SETUID and CAP_SETGID, or map one id only"}
	case strings.Contains(said, "not allowed"):
		return Cause{Why: "the source of subordinate ids (/etc/subuid, /etc/subgid or LDAP) does not give these ids to this user", Fix: addRanges}
	case strings.Contains(said, "Operation not permitted") && f.nested:
		return Cause{Why: "the outer user namespace does not have these ids, or does not let newuidmap map them", Fix: "map fewer ids, or one only"}
	}
	return Cause{}
}

// explainOwned is about a map that asks for ids of others.
func explainOwned(s userns.SubIDs, err error) Cause {
	if err != nil {
		return Cause{Why: "the caller's ranges are unknown: " + err.Error()}
	}
	if len(s.UIDs) == 0 && len(s.GIDs) == 0 {
		return Cause{Why: s.Source + " has no range for this user", Fix: addRanges}
	}
	return Cause{
		Why: s.Source + " gives this user the user ids " + list(s.UIDs) + " and the group ids " + list(s.GIDs),
		Fix: "urun spec --rootless writes a map that fits; more ids: " + addRanges,
	}
}

// list names ranges, "none" for none.
func list(ranges []idmap.Range) string {
	if len(ranges) == 0 {
		return "none"
	}
	names := make([]string, len(ranges))
	for i, r := range ranges {
		names[i] = r.String()
	}
	return strings.Join(names, ", ")
}
