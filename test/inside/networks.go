package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// networks: who hears me, and whom do I reach?
var networks = map[string]verb{
	"serve":  serve,
	"dial":   dial,
	"redial": redial,
	"lookup": lookup,
	"shut":   shut,
	"crowd":  crowd,
	"addr":   addr,
	"names":  names,
	"sink":   sink,
	"source": source,
	"pour":   pour,
}

// netTime bounds each conversation.
const netTime = 20 * time.Second

// serve listens at PROTO ADDRESS for ever, and answers each line with the line, and where it came from. It says when it is ready,
// and goes on in the background, for whatever verb comes next.
func serve(a []string) error {
	if strings.HasPrefix(arg(a, 0), "udp") {
		c, err := net.ListenPacket(a[0], arg(a, 1))
		if err != nil {
			return err
		}
		go echoPackets(c)
	} else if err := toEach(arg(a, 0), arg(a, 1), echoLine); err != nil {
		return err
	}
	fmt.Println("serving", arg(a, 0))
	return nil
}

func echoLine(c net.Conn) {
	buf := make([]byte, 1024)
	n, err := c.Read(buf)
	if err != nil {
		return
	}
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	fmt.Fprintf(c, "%s from %s", buf[:n], host)
}

func echoPackets(c net.PacketConn) {
	buf := make([]byte, 1024)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		host, _, _ := net.SplitHostPort(from.String())
		_, _ = c.WriteTo(fmt.Appendf(nil, "%s from %s", buf[:n], host), from)
	}
}

// shut is right where nobody answers at PROTO ADDRESS, be it that the connection is refused or that nothing comes.
func shut(a []string) error {
	c, err := net.DialTimeout(arg(a, 0), arg(a, 1), 5*time.Second)
	if err != nil {
		fmt.Println(arg(a, 1), "is shut")
		return nil
	}
	c.Close()
	return fmt.Errorf("%s is open", arg(a, 1))
}

// dial says TEXT to PROTO ADDRESS and prints the answer.
func dial(a []string) error {
	c, err := net.DialTimeout(arg(a, 0), arg(a, 1), netTime)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(netTime))
	if _, err := io.WriteString(c, arg(a, 2)); err != nil {
		return err
	}
	buf := make([]byte, 1024)
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	fmt.Println(string(buf[:n]))
	return nil
}

// redial is dial, again and again until it answers: addresses of IPv6 come a moment after the interface.
func redial(a []string) error {
	var err error
	for end := time.Now().Add(netTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = dial(a); err == nil {
			return nil
		}
	}
	return err
}

// lookup prints the IPv4 addresses of NAME.
func lookup(a []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), netTime)
	defer cancel()
	ips, err := (&net.Resolver{PreferGo: true}).LookupIP(ctx, "ip4", arg(a, 0))
	for _, ip := range ips {
		fmt.Println(ip)
	}
	return err
}

// crowd has N connections to PROTO ADDRESS at once, and says something different on each.
func crowd(a []string) error {
	n, err := strconv.Atoi(arg(a, 2))
	if err != nil {
		return err
	}
	all := make([]net.Conn, n)
	for i := range all {
		if all[i], err = net.DialTimeout(arg(a, 0), arg(a, 1), netTime); err != nil {
			return fmt.Errorf("the %d. of %d: %w", i+1, n, err)
		}
		defer all[i].Close()
		_ = all[i].SetDeadline(time.Now().Add(netTime))
	}
	for i, c := range all {
		text := fmt.Sprint("caller ", i)
		if _, err := io.WriteString(c, text); err != nil {
			return err
		}
		buf := make([]byte, 100)
		if k, err := c.Read(buf); err != nil || !strings.HasPrefix(string(buf[:k]), text+" from ") {
			return fmt.Errorf("%s is answered %q, %v", text, buf[:k], err)
		}
	}
	fmt.Println(n, "at once")
	return nil
}

// addr prints the addresses of interface NAME.
func addr(a []string) error {
	i, err := net.InterfaceByName(arg(a, 0))
	if err != nil {
		return err
	}
	addrs, err := i.Addrs()
	for _, a := range addrs {
		fmt.Println(a)
	}
	fmt.Println("mtu", i.MTU)
	return err
}

// names is a resolver at ADDRESS that knows one IPv4 address, IP, for every name (RFC 1035).
func names(a []string) error {
	ip := net.ParseIP(arg(a, 1)).To4()
	c, err := net.ListenPacket("udp4", arg(a, 0))
	if err != nil || ip == nil {
		return fmt.Errorf("no resolver: %v", err)
	}
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n], ip); reply != nil {
				_, _ = c.WriteTo(reply, from)
			}
		}
	}()
	fmt.Println("resolving")
	return nil
}

// answer makes the reply to the one question of a query.
func answer(query, ip []byte) []byte {
	end := 12
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end+5 > len(query) {
		return nil
	}
	reply := append([]byte{}, query[:end+5]...)
	binary.BigEndian.PutUint16(reply[2:], 0x8180) // an answer, without error
	clear(reply[6:12])
	if binary.BigEndian.Uint16(query[end+1:]) == 1 { // type A
		reply[7] = 1
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		reply = append(reply, ip...)
	}
	return reply
}
