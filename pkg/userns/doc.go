// Package userns gives a new user namespace its ids: it finds which subordinate ids the caller owns (subuid(5),
// subgid(5)), whether newuidmap(1) and newgidmap(1) can be used, and has maps written for a child that waits.
//
// It creates no namespace and decides nothing: which map is right is for package plan, how the child is born and
// held is for package sandbox.
package userns
