// Package network understands what people say about a container's network, in flags and in annotations, and writes the files that
// go with it: /etc/resolv.conf, /etc/hosts and /etc/hostname. It is pure: what is done with all that is decided by package plan and
// done by urun-monitor.
package network
