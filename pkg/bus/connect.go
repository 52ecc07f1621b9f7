package bus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Conn is a connection to a bus or to systemd itself.
type Conn struct {
	sock    *socket
	where   string // for errors
	direct  bool   // there is no bus between
	serial  uint32
	unread  []byte
	signals []*message
}

// Session connects to the user's session bus. address is DBUS_SESSION_BUS_ADDRESS; where it is empty the bus is where
// systemd has it, below runtimeDir (XDG_RUNTIME_DIR).
func Session(address, runtimeDir string, deadline time.Time) (*Conn, error) {
	if address == "" {
		if runtimeDir == "" {
			return nil, errors.New("no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set")
		}
		address = "unix:runtime=yes"
	}
	sockets, err := paths(address, runtimeDir)
	if err != nil {
		return nil, fmt.Errorf("session bus: %w", err)
	}
	var errs []error
	for _, path := range sockets {
		c, err := open(path, false, deadline)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// Private connects to the socket of the user's systemd itself, which is there without a bus.
func Private(runtimeDir string, deadline time.Time) (*Conn, error) {
	if runtimeDir == "" {
		return nil, errors.New("no user manager: XDG_RUNTIME_DIR is not set")
	}
	return open(runtimeDir+"/systemd/private", true, deadline)
}

func open(path string, direct bool, deadline time.Time) (*Conn, error) {
	sock, err := dial(path, deadline)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", path, err)
	}
	c := &Conn{sock: sock, where: path, direct: direct}
	if err := c.greet(deadline); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to %s: %w", path, worded(err))
	}
	return c, nil
}

// Close hangs up.
func (c *Conn) Close() error { return c.sock.close() }

// Where tells which socket this is.
func (c *Conn) Where() string { return c.where }

// Direct tells whether this is systemd's own socket, without a bus between.
func (c *Conn) Direct() bool { return c.direct }

// hello is all that we have to say before the first message, in one piece: that the kernel may vouch for us. Which uid that
// is we leave out: in a user namespace we have another one than the peer sees.
const hello = "\x00AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"

// maxLine bounds a line of the greeting.
const maxLine = 1 << 10

// greet authenticates, and introduces us where there is a bus: that goes out together, for it is all the same to a bus when it
// reads what.
func (c *Conn) greet(deadline time.Time) error {
	var first []*message
	if !c.direct {
		first = append(first, busObject("Hello"))
	}
	if err := c.sendAfter([]byte(hello), deadline, first...); err != nil {
		return err
	}
	for {
		line, err := c.line(deadline)
		if err != nil {
			return err
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "OK":
			if c.direct {
				return nil
			}
			_, err := c.answer(first[0], deadline)
			return err
		case "DATA":
		case "REJECTED":
			return fmt.Errorf("it does not let this user in (it offers %s)", rest)
		default:
			return fmt.Errorf("it does not speak D-Bus: %q", line)
		}
	}
}

// line reads one line of the greeting.
func (c *Conn) line(deadline time.Time) (string, error) {
	for {
		if line, rest, ok := bytes.Cut(c.unread, []byte("\r\n")); ok {
			c.unread = rest
			return string(line), nil
		}
		if len(c.unread) > maxLine {
			return "", fmt.Errorf("it does not speak D-Bus: %q…", c.unread[:40])
		}
		if err := c.more(deadline); err != nil {
			return "", err
		}
	}
}

// more reads what there is.
func (c *Conn) more(deadline time.Time) error {
	var buf [4096]byte
	n, err := c.sock.read(buf[:], deadline)
	c.unread = append(c.unread, buf[:n]...)
	return err
}

// worded says what silence means.
func worded(err error) error {
	if errors.Is(err, errTime) {
		return fmt.Errorf("%w in time: it is there, and hangs or is overloaded", err)
	}
	return err
}
