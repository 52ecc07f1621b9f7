package main

import (
	"net"
)

// streamSize is how much of a stream one system call takes, in bytes.
const streamSize = 1 << 18

// sink listens at ADDRESS and takes, in the background, all that comes.
func sink(a []string) error {
	return toEach("tcp", arg(a, 0), func(c net.Conn) {
		buf := make([]byte, streamSize)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	})
}

// source listens at ADDRESS and sends, in the background, to who connects, until they have enough.
func source(a []string) error {
	return toEach("tcp", arg(a, 0), send)
}

// pour connects to ADDRESS and sends until the other end has enough.
func pour(a []string) error {
	c, err := net.DialTimeout("tcp", arg(a, 0), netTime)
	if err != nil {
		return err
	}
	defer c.Close()
	send(c)
	return nil
}

func send(w net.Conn) {
	buf := make([]byte, streamSize)
	for {
		if _, err := w.Write(buf); err != nil {
			return
		}
	}
}

// toEach listens, and does in the background, for each that connects, what is to be done.
func toEach(proto, address string, each func(net.Conn)) error {
	l, err := net.Listen(proto, address)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				each(c)
			}()
		}
	}()
	return nil
}
