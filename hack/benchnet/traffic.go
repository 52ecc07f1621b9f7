package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const (
	calls    = 1000 // connections whose mean is one figure
	patience = 20 * time.Second
)

// served runs `inside VERB :80` behind a published port while do is done.
func served(t tool, port int, o options, verb string, do func(at string) float64) float64 {
	command(t.serve(name(port), o.mode, port, verb+" :80 -- forever"))
	defer command(t.stop(name(port)))
	return do(fmt.Sprintf("127.0.0.1:%d", port))
}

// into measures bytes from here into the container.
func into(t tool, port int, o options) float64 {
	return served(t, port, o, "sink", func(at string) float64 {
		c := dial(at, nil)
		defer c.Close()
		return rate(c, c.Write, o)
	})
}

// back measures bytes that come out of the container over a connection that was made from here.
func back(t tool, port int, o options) float64 {
	return served(t, port, o, "source", func(at string) float64 {
		c := dial(at, func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err })
		defer c.Close()
		return rate(c, c.Read, o)
	})
}

// out measures bytes over a connection that the container makes, to an address of this host that is not the loopback: they go
// through the helper there as they would on the way to another host.
func out(t tool, port int, o options) float64 {
	l, err := net.Listen("tcp4", outside()+":0")
	check(err)
	defer l.Close()
	check(l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	command(t.serve(name(port), o.mode, port, "pour "+l.Addr().String()+" -- forever"))
	defer command(t.stop(name(port)))
	c, err := l.Accept()
	check(err)
	defer c.Close()
	return rate(c, c.Read, o)
}

// outside is the first address of this host that others reach it by.
func outside() string {
	all, err := net.InterfaceAddrs()
	check(err)
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	check(errors.New("this host has no IPv4 address but its loopback, and so no outside"))
	return ""
}

// rate moves bytes over c and returns how many MiB a second those were that came after the beginning.
func rate(c net.Conn, move func([]byte) (int, error), o options) float64 {
	check(c.SetDeadline(time.Now().Add(o.warmUp + o.length + patience))) // a helper may die
	buf := make([]byte, 1<<18)
	for start := time.Now(); time.Since(start) < o.warmUp; {
		_, err := move(buf)
		check(err)
	}
	total, start := 0, time.Now()
	for time.Since(start) < o.length {
		n, err := move(buf)
		check(err)
		total += n
	}
	return float64(total) / (1 << 20) / time.Since(start).Seconds()
}

// connections makes connections, one after the other, and returns how many µs one takes with its answer.
func connections(t tool, port int, o options) float64 {
	return served(t, port, o, "serve tcp", func(at string) float64 {
		dial(at, call).Close()
		start := time.Now()
		for range calls {
			c, err := net.Dial("tcp", at)
			check(err)
			check(call(c))
			c.Close()
		}
		return float64(time.Since(start).Microseconds()) / calls
	})
}

// call says something and waits for the answer.
func call(c net.Conn) error {
	check(c.SetDeadline(time.Now().Add(patience)))
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 64))
	return err
}

// dial connects to a server that may not listen yet: a proxy takes the connection and closes it then. Whether somebody is there is
// said by speaks, or, without one, by a connection that stays.
func dial(at string, speaks func(net.Conn) error) net.Conn {
	end := time.Now().Add(patience)
	for ; time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", at)
		if err != nil {
			continue
		}
		if speaks == nil {
			speaks = quiet
		}
		if speaks(c) == nil {
			return c
		}
		c.Close()
	}
	check(fmt.Errorf("%s: nobody answers", at))
	return nil
}

// quiet is nil when the other end keeps the connection for half a second, which is longer than a proxy tries.
func quiet(c net.Conn) error {
	_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("it was closed")
	}
	return c.SetReadDeadline(time.Time{})
}
