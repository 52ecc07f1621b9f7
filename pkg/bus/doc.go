// Package bus speaks D-Bus, as much of it as it takes to ask an ordinary user's systemd for a scope.
//
// A Conn is a connection to a message bus (the user's session bus), or to systemd's own socket, where there is no bus
// between. A Manager on top of it starts, changes and stops units. A connection is for one goroutine; everything has a
// deadline, for a bus that does not answer must not hang a container.
//
// It is small on purpose: it costs nothing when it is linked, and one round trip less at each start than a library that
// has to serve everybody. See the D-Bus Specification and org.freedesktop.systemd1(5).
package bus
