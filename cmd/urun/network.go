package main

import (
	"github.com/urun/urun/pkg/container"
)

// networkFlags say which network the container has; the annotations dev.urun.* of a bundle say the same.
type networkFlags struct {
	Net      string   `name:"net" placeholder:"MODE" about:"The container's network: auto, host, none, pasta, slirp4netns or container:ID. By default what the config says."`
	Publish  []string `name:"publish" short:"p" sep:"none" placeholder:"[IP:]HOST:CONTAINER[/udp]" about:"Publish a port or a range of ports, on 127.0.0.1 if no address is given; HOST 0 is a free one. May be repeated."`
	DNS      []string `name:"dns" sep:"none" placeholder:"IP" about:"A nameserver in place of the host's; may be repeated."`
	AddHost  []string `name:"add-host" sep:"none" placeholder:"NAME:IP" about:"A line of the container's /etc/hosts; may be repeated."`
	Loopback bool     `name:"net-host-loopback" about:"Let the container reach what listens on the host's loopback, as 10.0.2.2."`
}

func (f *networkFlags) network() container.NetworkFlags {
	return container.NetworkFlags{Mode: f.Net, Publish: f.Publish, DNS: f.DNS, AddHost: f.AddHost, Loopback: f.Loopback}
}
