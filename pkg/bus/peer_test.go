package bus

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// peer is the other end of a connection, played by a test: it says what a real one would not.
type peer struct {
	t *testing.T
	*os.File
	conn Conn // decodes what we send
}

// with connects to a peer that does as the script says, and hangs up when that ends. The script runs beside the test.
func with(t *testing.T, direct bool, script func(*peer)) *Conn {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &Conn{sock: &socket{fds[0]}, where: "the test", direct: direct}
	p := &peer{t: t, File: os.NewFile(uintptr(fds[1]), "peer")}
	p.conn.sock = &socket{fds[1]}
	done := make(chan struct{})
	go func() {
		defer close(done)
		script(p)
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
		p.Close()
	})
	return c
}

func soon() time.Time { return time.Now().Add(5 * time.Second) }

func (p *peer) say(raw ...[]byte) {
	for _, b := range raw {
		if _, err := p.Write(b); err != nil {
			return // the test has what it wanted
		}
	}
}

// greet lets us in, and checks what we say for that.
func (p *peer) greet() {
	var got []byte
	buf := make([]byte, 1)
	for !bytes.HasSuffix(got, []byte("BEGIN\r\n")) {
		if _, err := io.ReadFull(p.File, buf); err != nil {
			return
		}
		got = append(got, buf...)
	}
	if string(got) != hello {
		p.t.Errorf("greeted with %q", got)
	}
	p.say([]byte("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"))
}

// hear waits for a message of ours and checks its name; nil when we have hung up.
func (p *peer) hear(member string) *message {
	m, err := p.conn.receive(soon())
	if err != nil {
		return nil
	}
	if m.member != member {
		p.t.Errorf("heard %s, not %s", m.member, member)
	}
	return m
}

func (p *peer) send(m *message) {
	m.serial = 7
	raw, err := m.encode()
	if err != nil {
		p.t.Error(err)
	}
	p.say(raw)
}

func (p *peer) answer(to *message, body ...any) {
	if to != nil {
		p.send(&message{kind: methodReturn, reply: to.serial, body: body})
	}
}

func (p *peer) refuse(to *message, name, text string) {
	if to != nil {
		p.send(&message{kind: failure, reply: to.serial, errorName: name, body: []any{text}})
	}
}

func (p *peer) removed(job ObjectPath, result string) {
	p.send(&message{kind: signal, path: managerPath, iface: managerFace, member: "JobRemoved",
		body: []any{uint32(1), job, "a.scope", result}})
}
