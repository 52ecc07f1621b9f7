package companion

import (
	"strconv"
	"strings"
)

// Network is a container's network, as far as it is made from outside.
type Network struct {
	Mode     string `json:"mode"`               // package network knows them
	Program  string `json:"program,omitempty"`  // path of slirp4netns or pasta; empty: the container has lo alone
	MTU      int    `json:"mtu,omitempty"`      // bytes
	Loopback bool   `json:"loopback,omitempty"` // the host's can be reached
	Crafts   bool   `json:"crafts,omitempty"`   // its processes may write their own packets, or change its routes
	IPv6     bool   `json:"ipv6,omitempty"`
	User     bool   `json:"user,omitempty"`  // the container has a user namespace of its own
	Ports    []Port `json:"ports,omitempty"` // that are, from the beginning
}

// Port is a port of the container that is published on the host.
type Port struct {
	Proto         string `json:"proto"` // tcp or udp
	HostIP        string `json:"hostIP"`
	HostPort      int    `json:"hostPort"`              // 0 in an order: a free one
	ContainerIP   string `json:"containerIP,omitempty"` // where in the container connections go to
	ContainerPort int    `json:"containerPort"`
}

// String is as people write it: 127.0.0.1:8080:80/tcp.
func (p Port) String() string {
	return p.Listens() + ":" + strconv.Itoa(p.ContainerPort) + "/" + p.Proto
}

// Listens is the address and port of the host, as package net has them.
func (p Port) Listens() string {
	ip := p.HostIP
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return ip + ":" + strconv.Itoa(p.HostPort)
}

// PortSocket is the socket, in the container's state directory, on which the companion takes changes of the published ports: a
// PortRequest, which a PortReply answers, as JSON.
const PortSocket = "ports.sock"

// PortRequest adds ports or removes some.
type PortRequest struct {
	Add    []Port `json:"add,omitempty"`
	Remove []Port `json:"remove,omitempty"`
}

// PortReply has all ports as they are then, and why nothing was changed.
type PortReply struct {
	Ports []Port `json:"ports"`
	Error string `json:"error,omitempty"`
}
