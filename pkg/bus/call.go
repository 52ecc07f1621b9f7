package bus

import (
	"fmt"
	"time"
)

// Error is the refusal of a peer.
type Error struct {
	Name string // e.g. org.freedesktop.systemd1.UnitExists
	Text string
}

func (e *Error) Error() string {
	if e.Text == "" {
		return e.Name
	}
	return e.Text + " (" + e.Name + ")"
}

// maxSignals bounds how many signals wait to be looked at; older ones are forgotten.
const maxSignals = 1024

// busObject makes a call of a method of the bus itself.
func busObject(member string, body ...any) *message {
	return &message{
		kind: methodCall, destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus",
		iface: "org.freedesktop.DBus", member: member, body: body,
	}
}

// Bus calls a method of the bus itself, such as ListNames or GetNameOwner.
func (c *Conn) Bus(deadline time.Time, member string, args ...any) ([]any, error) {
	reply, err := c.call(busObject(member, args...), deadline)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.where, member, worded(err))
	}
	return reply.body, nil
}

// call sends a message and waits for its answer.
func (c *Conn) call(m *message, deadline time.Time) (*message, error) {
	if err := c.send(deadline, m); err != nil {
		return nil, err
	}
	return c.answer(m, deadline)
}

// answer waits for the answer to a message that has been sent. Signals that come first are kept.
func (c *Conn) answer(m *message, deadline time.Time) (*message, error) {
	for {
		got, err := c.receive(deadline)
		switch {
		case err != nil:
			return nil, err
		case got.kind == signal:
			c.keep(got)
		case got.reply != m.serial:
		case got.kind == methodReturn:
			return got, nil
		case got.kind == failure:
			return nil, refusal(got)
		}
	}
}

func refusal(m *message) error {
	e := &Error{Name: m.errorName}
	if len(m.body) > 0 {
		e.Text, _ = m.body[0].(string)
	}
	return e
}

func (c *Conn) keep(m *message) {
	if len(c.signals) == maxSignals {
		c.signals = c.signals[1:]
	}
	c.signals = append(c.signals, m)
}

// send numbers the messages and writes them, in one piece.
func (c *Conn) send(deadline time.Time, messages ...*message) error {
	return c.sendAfter(nil, deadline, messages...)
}

// sendAfter is send with something else in front.
func (c *Conn) sendAfter(raw []byte, deadline time.Time, messages ...*message) error {
	for _, m := range messages {
		c.serial++
		m.serial = c.serial
		one, err := m.encode()
		if err != nil {
			return err
		}
		raw = append(raw, one...)
	}
	return c.sock.write(raw, deadline)
}

// receive waits for one whole message.
func (c *Conn) receive(deadline time.Time) (*message, error) {
	need := headerLen
	for {
		if len(c.unread) >= headerLen {
			header, body, _, err := size(c.unread)
			if err != nil {
				return nil, fmt.Errorf("what it sent is no message: %w", err)
			}
			need = header + body
		}
		if len(c.unread) >= need {
			break
		}
		if err := c.more(deadline); err != nil {
			return nil, err
		}
	}
	m, err := decode(c.unread[:need:need])
	if err != nil {
		return nil, fmt.Errorf("what it sent is no message: %w", err)
	}
	c.unread = append(c.unread[:0], c.unread[need:]...)
	return m, nil
}

// signal waits for a signal that want accepts, the kept ones first.
func (c *Conn) signal(deadline time.Time, want func(*message) bool) (*message, error) {
	for i, m := range c.signals {
		if want(m) {
			c.signals = append(c.signals[:i], c.signals[i+1:]...)
			return m, nil
		}
	}
	for {
		m, err := c.receive(deadline)
		if err != nil {
			return nil, err
		}
		if m.kind == signal && want(m) {
			return m, nil
		}
	}
}
