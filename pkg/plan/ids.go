package plan

import (
	"errors"
	"fmt"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/idmap"
)

// ids settles the id maps and who writes them.
func (c *compiler) ids() error {
	b := &c.plan.Birth
	l := c.spec.Linux
	b.MapBy, b.SetGroups = MapNone, !c.opt.JoinsOneID
	if b.Flags&unix.CLONE_NEWUSER == 0 {
		if len(l.UIDMappings)+len(l.GIDMappings) > 0 {
			return errors.New("linux.uidMappings: given without a new user namespace that it could be for")
		}
		return nil
	}
	b.UIDMap, b.GIDMap = idmap.Map(l.UIDMappings), idmap.Map(l.GIDMappings)
	if len(b.UIDMap) == 0 && len(b.GIDMap) == 0 {
		b.UIDMap, b.GIDMap = idmap.Full(c.host.UID, c.host.SubUIDs), idmap.Full(c.host.GID, c.host.SubGIDs)
	}
	if err := b.UIDMap.Validate(); err != nil {
		return fmt.Errorf("linux.uidMappings: %w", err)
	}
	if err := b.GIDMap.Validate(); err != nil {
		return fmt.Errorf("linux.gidMappings: %w", err)
	}
	if err := c.mapBy(); err != nil {
		return err
	}
	return c.users()
}

// NeedsSubIDs says whether Compile asks which ids the caller owns: not for maps of one id, their own.
func NeedsSubIDs(l *specs.Linux, uid, gid uint32) bool {
	return l == nil || !idmap.Map(l.UIDMappings).Single(uid) || !idmap.Map(l.GIDMappings).Single(gid)
}

// mapBy chooses who writes the maps: the helpers as a rule, the process itself where one id is all that can be had.
func (c *compiler) mapBy() error {
	b := &c.plan.Birth
	switch {
	case b.UIDMap.Single(c.host.UID) && b.GIDMap.Single(c.host.GID):
		b.MapBy, b.SetGroups = MapSelf, false
		if len(c.spec.Linux.UIDMappings) == 0 {
			c.single("the caller owns no ranges of sub-ids in /etc/subuid and /etc/subgid")
		}
		return nil
	case c.host.SetIDs:
		b.MapBy = MapDirect
		return c.seen()
	}
	why := c.host.HelperTrouble
	if len(c.host.SubUIDs) == 0 || len(c.host.SubGIDs) == 0 {
		why = "the caller owns no ranges of sub-ids in /etc/subuid and /etc/subgid"
	}
	if why != "" {
		c.single(why)
		return nil
	}
	b.MapBy = MapHelpers
	if err := c.seen(); err != nil {
		return err
	}
	if err := b.UIDMap.Owned(c.host.UID, c.host.SubUIDs); err != nil {
		return fmt.Errorf("linux.uidMappings: %w (ranges from %s)", err, c.source("subuid"))
	}
	if err := b.GIDMap.Owned(c.host.GID, c.host.SubGIDs); err != nil {
		return fmt.Errorf("linux.gidMappings: %w (ranges from %s)", err, c.source("subgid"))
	}
	return nil
}

// source names the place where the ranges were read.
func (c *compiler) source(file string) string {
	if s := c.host.SubIDSource; s == "getsubids" || s == NamespaceIDs {
		return s
	}
	return "/etc/" + file
}

// single falls back to the one id that needs no helper: the user that the container's process wants to be is the caller.
func (c *compiler) single(why string) {
	b := &c.plan.Birth
	b.UIDMap = idmap.One(c.spec.Process.User.UID, c.host.UID)
	b.GIDMap = idmap.One(c.spec.Process.User.GID, c.host.GID)
	b.MapBy, b.SetGroups = MapSelf, false
	c.singleNotice(why)
}

func (c *compiler) singleNotice(why string) {
	c.note(Notice{
		Code: "URUN-ID-001", Want: "a range of user ids", Got: "one: programs in the container cannot change user or owner",
		Why: why, Fix: moreIDs(why),
	})
}

// NamespaceIDs is the SubIDSource of a caller who is root of a user namespace and owns all that is mapped in it.
const NamespaceIDs = "/proc/self/uid_map and gid_map"

// moreIDs is what gives the caller more than one id, by the reason why it has but one.
func moreIDs(why string) string {
	const ranges = "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
	switch {
	case strings.Contains(why, "no_new_privs"):
		return "start urun without no_new_privs (in Kubernetes: allowPrivilegeEscalation: true)"
	case strings.Contains(why, "nosuid"):
		return "remount it with suid, or install newuidmap and newgidmap elsewhere"
	case strings.Contains(why, "neither setuid"):
		return "chmod u+s newuidmap newgidmap as root, or, in a user namespace, start urun outside of it"
	case strings.Contains(why, "bounding set"):
		return "give the outer container CAP_SETUID and CAP_SETGID"
	case strings.Contains(why, "owns no ranges"):
		return "give the user ranges: " + ranges
	}
	return "install uidmap (newuidmap, newgidmap) and give the user ranges: " + ranges
}

// users checks that the ids of the container's process mean something in the maps.
func (c *compiler) users() error {
	b := &c.plan.Birth
	u := c.spec.Process.User
	if _, ok := b.UIDMap.ToHost(u.UID); !ok {
		return fmt.Errorf("process.user.uid: %d is not mapped (uidMappings: %s)", u.UID, b.UIDMap)
	}
	if _, ok := b.GIDMap.ToHost(u.GID); !ok {
		return fmt.Errorf("process.user.gid: %d is not mapped (gidMappings: %s)", u.GID, b.GIDMap)
	}
	return checkGroups("process.user", u.AdditionalGids, b.SetGroups, b.GIDMap)
}

// maxGroups is NGROUPS_MAX of linux/limits.h.
const maxGroups = 65536

// checkGroups says whether the groups can be had. at is the JSON path of the user; a nil map maps all.
func checkGroups(at string, groups []uint32, setGroups bool, m idmap.Map) error {
	if len(groups) > maxGroups {
		return fmt.Errorf("%s.additionalGids: %d groups are more than the %d that a process can have", at, len(groups), maxGroups)
	}
	for i, g := range groups {
		if !setGroups {
			return fmt.Errorf("%s.additionalGids: with one id mapped the kernel allows no change of groups (setgroups is denied)", at)
		}
		if _, ok := m.ToHost(g); !ok && m != nil {
			return fmt.Errorf("%s.additionalGids[%d]: %d is not mapped (gidMappings: %s)", at, i, g, m)
		}
	}
	return nil
}
