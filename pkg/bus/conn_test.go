package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestGreeting: whatever answers instead of a bus, the error says so.
func TestGreeting(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 1<<16)
	for name, test := range map[string]struct {
		script func(*peer)
		want   string
	}{
		"silence":       {func(p *peer) { p.conn.receive(soon()) }, "no answer in time"},
		"nobody":        {func(p *peer) { p.Close() }, "the connection was closed"},
		"hangs up":      {func(p *peer) { p.say([]byte("DATA\r\n")); p.Close() }, "the connection was closed"},
		"refuses":       {func(p *peer) { p.say([]byte("REJECTED EXTERNAL\r\n")) }, "it does not let this user in (it offers EXTERNAL)"},
		"a web server":  {func(p *peer) { p.say([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, `it does not speak D-Bus: "HTTP/1.1 400 Bad Request"`},
		"endless line":  {func(p *peer) { p.say(long) }, "it does not speak D-Bus"},
		"endless lines": {func(p *peer) { p.say(bytes.Repeat([]byte("DATA\r\n"), 1<<20)) }, "no answer in time"},
		"half a line":   {func(p *peer) { p.say([]byte("OK 12")); p.conn.receive(soon()); p.conn.receive(soon()) }, "no answer in time"},
		"no hello": {func(p *peer) {
			p.greet()
			p.refuse(p.hear("Hello"), "org.freedesktop.DBus.Error.LimitsExceeded", "too many")
		},
			"too many (org.freedesktop.DBus.Error.LimitsExceeded)"},
	} {
		t.Run(name, func(t *testing.T) {
			deadline := soon()
			if strings.HasPrefix(test.want, "no answer") { // nothing else to wait for
				deadline = time.Now().Add(300 * time.Millisecond)
			}
			err := worded(with(t, false, test.script).greet(deadline))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// raw renders a message that answers our first one.
func raw(t *testing.T, body ...any) []byte {
	t.Helper()
	b, err := (&message{kind: methodReturn, serial: 9, reply: 1, body: body}).encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// patched overwrites a part of a message.
func patched(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

// TestAnswers: a peer that is let speak says odd things.
func TestAnswers(t *testing.T) {
	good := raw(t, "yes")
	noise, err := (&message{kind: signal, serial: 8, path: "/", iface: "a.b", member: "Noise"}).encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		said [][]byte
		hold bool // stay silent, and do not hang up
		want string
	}{
		"whole":           {said: [][]byte{good}},
		"two at once":     {said: [][]byte{append(bytes.Clone(noise), good...)}},
		"byte by byte":    {said: bytes.SplitAfter(good, nil)},
		"other's answer":  {said: [][]byte{patched(good, bytes.Index(good, []byte{1, 'u', 0, 1})+4, 77), good}},
		"half":            {said: [][]byte{good[:30]}, want: "the connection was closed"},
		"half, and holds": {said: [][]byte{good[:30]}, hold: true, want: "no answer"},
		"nothing":         {hold: true, want: "no answer"},
		"garbage":         {said: [][]byte{[]byte("this is no message at all")}, want: `it begins with 't', which is no byte order`},
		"version 2":       {said: [][]byte{patched(good, 3, 2)}, want: "it is of version 2"},
		"huge body":       {said: [][]byte{patched(good, 4, 0xff, 0xff, 0xff, 0xff)}, want: "the message is too long"},
		"huge fields":     {said: [][]byte{patched(good, 12, 0xff, 0xff, 0xff, 0x7f)}, want: "the message is too long"},
		"large body":      {said: [][]byte{patched(good, 4, 0, 0, 0x10, 0)}, want: "the connection was closed"},
		"long fields":     {said: [][]byte{patched(good, 12, 200)}, want: "the connection was closed"},
		"short fields":    {said: [][]byte{patched(good, 12, 1)}, want: "what it sent is no message"},
		"long text":       {said: [][]byte{patched(good, len(good)-8, 0xff, 0xff, 0xff, 0xff)}, want: "it ends too early"},
		"unended text":    {said: [][]byte{patched(good, len(good)-1, 'x')}, want: "it has a string that is none"},
		"no UTF-8":        {said: [][]byte{patched(good, len(good)-2, 0xff)}, want: "it has a string that is none"},
		"number 0":        {said: [][]byte{patched(good, 8, 0)}, want: "its kind or its number is 0"},
		"wrong endian":    {said: [][]byte{patched(good, 0, 'B')}, want: "the message is too long"},
		"endless noise":   {said: [][]byte{bytes.Repeat(noise, 1<<16)}, hold: true, want: "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			c := with(t, true, func(p *peer) {
				if p.hear("ListNames") != nil {
					p.say(test.said...)
				}
				if !test.hold {
					p.Close()
				} else {
					p.conn.receive(soon())
				}
			})
			deadline := soon()
			if test.hold {
				deadline = time.Now().Add(300 * time.Millisecond)
			}
			reply, err := c.call(busObject("ListNames"), deadline)
			if test.want == "" {
				if err != nil || len(reply.body) != 1 || reply.body[0] != "yes" {
					t.Errorf("%+v, %v", reply, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if len(c.signals) > maxSignals {
				t.Errorf("%d signals are kept", len(c.signals))
			}
		})
	}
}

// TestDeadlineAmongNoise: a peer that says something else, however much of it, is waited for no longer than one that is silent.
func TestDeadlineAmongNoise(t *testing.T) {
	noise, err := (&message{kind: signal, serial: 8, path: "/", iface: "a.b", member: "Noise"}).encode()
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan struct{})
	c := with(t, true, func(p *peer) {
		p.say(bytes.Repeat(noise, 500))
		close(said)
		p.conn.receive(soon())
	})
	<-said
	if m, err := c.answer(busObject("ListNames"), time.Now()); !errors.Is(err, errTime) || len(c.signals) > 0 {
		t.Errorf("%v, %v after %d signals", m, err, len(c.signals))
	}
}

// TestNoText: a bus throws out who sends a string that is none, so that it is not sent.
func TestNoText(t *testing.T) {
	for _, bad := range []string{"a\x00b", "a\xff"} {
		for _, body := range []any{
			bad, ObjectPath(bad), []string{"a", bad}, []PathValue{{Path: bad}}, []Property{{Name: bad, Value: true}}, []Property{{Name: "a", Value: bad}},
		} {
			if raw, err := busObject("Say", body).encode(); err == nil || !strings.Contains(err.Error(), "is no UTF-8 text") {
				t.Errorf("%#v becomes %q, %v", body, raw, err)
			}
		}
	}
}

// TestBigEndian: a peer may speak in its own byte order.
func TestBigEndian(t *testing.T) {
	b := []byte{'B', methodReturn, 0, 1}
	for _, n := range []uint32{16, 5, 15} { // body, serial, fields
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = append(b, fieldReplySerial, 1, 'u', 0, 0, 0, 0, 1)
	b = append(b, fieldSignature, 1, 'g', 0, 2, 's', 't', 0) // 16 bytes of fields with the last zero in the padding
	b[15] = 16
	b = append(b, 0, 0, 0, 2, 'h', 'i', 0, 0)
	b = binary.BigEndian.AppendUint64(b, 1<<40)
	m, err := decode(b)
	if err != nil || m.reply != 1 || len(m.body) != 2 || m.body[0] != "hi" || m.body[1] != uint64(1<<40) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestClosed(t *testing.T) {
	c := with(t, true, func(p *peer) { p.Close() })
	time.Sleep(10 * time.Millisecond)
	for range 2 { // writing to who has hung up must not be the end of us (SIGPIPE)
		if _, err := c.call(busObject("ListNames"), soon()); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
}

func TestPaths(t *testing.T) {
	for address, want := range map[string]string{
		"unix:path=/run/user/1000/bus":                  "/run/user/1000/bus",
		"unix:path=/a%20b,guid=12;unix:abstract=/tmp/x": "/a b @/tmp/x",
		"tcp:host=x,port=1;unix:runtime=yes":            "/run/me/bus",
	} {
		if got, err := paths(address, "/run/me"); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	for _, address := range []string{"", "tcp:host=x", "unix:path=", "unix:path=/a%2", "unix:path=/a%zz", "unix:path=/a%00", "disabled:"} {
		if got, err := paths(address, "/run/me"); err == nil {
			t.Errorf("%s: %q", address, got)
		}
	}
	if _, err := Session("", "", soon()); err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Error(err)
	}
	if _, err := Private("/nonexistent", soon()); err == nil || !strings.Contains(err.Error(), "connect to /nonexistent/systemd/private: no such file") {
		t.Error(err)
	}
}
