package userns

import (
	"github.com/rootless-containers/rootlesskit/v3/pkg/parent/idtools"

	"github.com/urun/urun/pkg/idmap"
)

// SubIDs are the ranges of subordinate ids that one user owns, in the order in which they are listed. Either side may
// be empty without the other: a map of many ids needs both.
type SubIDs struct {
	UIDs, GIDs []idmap.Range
	Source     string // where they were read: "/etc/subuid" or "getsubids"
}

// Owned finds the subordinate ids of a user, by name and by number. The source is the one that newuidmap will ask:
// getsubids(1) where nsswitch.conf names another than the files (LDAP, SSSD) and the program is there, else
// /etc/subuid and /etc/subgid. A user without ranges, or a missing file, is no error: the result is empty. Errors are
// those of reading the files or of starting getsubids.
func Owned(uid uint32) (SubIDs, error) {
	name := nameOf(uid)
	if nss, err := readFile("/etc/nsswitch.conf"); err == nil && dynamic(nss) {
		s, found, err := fromGetsubids(uid, name)
		if found || err != nil {
			return s, err
		}
	}
	return fromFiles(uid, name)
}

// fromFiles reads /etc/subuid and /etc/subgid.
//
// idtools gives up altogether when one file is missing, when one side has no range and at the first line, anybody's,
// that it cannot read. newuidmap passes over such lines, and a user's map should not hang on a neighbour's typing
// error; so when idtools gives up the files are read once more, line by line.
func fromFiles(uid uint32, name string) (SubIDs, error) {
	s := SubIDs{Source: subuidFile}
	uids, gids, err := idtools.GetSubIDRanges(int(uid), name)
	if err == nil {
		s.UIDs, s.GIDs = sensible(uids), sensible(gids)
		return s, nil
	}
	if s.UIDs, err = readRanges(subuidFile, uid, name); err != nil {
		return SubIDs{Source: subuidFile}, err
	}
	if s.GIDs, err = readRanges(subgidFile, uid, name); err != nil {
		return SubIDs{Source: subgidFile}, err
	}
	return s, nil
}

// sensible converts what idtools found and drops what cannot be ids: it takes negative and endless numbers as they
// stand in the file (compare CVE-2016-6252 in newuidmap).
func sensible(in []idtools.SubIDRange) []idmap.Range {
	var out []idmap.Range
	for _, r := range in {
		if r.Start >= 0 && r.Length > 0 && int64(r.Start) < idmap.NoID && int64(r.Length) <= idmap.NoID {
			out = append(out, idmap.Range{Start: uint32(r.Start), Count: uint32(r.Length)})
		}
	}
	return out
}
