package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
	"github.com/urun/urun/pkg/sys"
)

// errClosed says that the other side has closed the conversation.
var errClosed = errors.New("conversation closed")

// errReset is an errClosed by somebody who had not read, or not even accepted, what we said.
var errReset = fmt.Errorf("%w unheard", errClosed)

// conn is the parent's end of a conversation with a child.
type conn struct {
	fd   int
	prog func() *program.Program // what the child runs; needed to word a failure
	over bool                    // the child has reported a failure, after which it ends by itself
}

// StepError is the failure of a step: the child's (operation, errno) with the names that the parent knows.
type StepError struct {
	Step  int // from 1
	Text  string
	Errno syscall.Errno

	Explained bool // Text is the step's own and tells the reason
}

func (e *StepError) Error() string { return e.Text }

func (e *StepError) Unwrap() error { return e.Errno }

// read returns the next message; a failure of the child is an error.
func (c *conn) read() (sys.Message, error) {
	buf := make([]byte, sys.MessageSize)
	for n := 0; n < len(buf); {
		k, err := unix.Read(c.fd, buf[n:])
		switch {
		case err == unix.EINTR:
		case err == unix.ECONNRESET:
			return sys.Message{}, errReset
		case err == nil && k == 0 && n > 0:
			return sys.Message{}, errors.New("read from the child: its message breaks off")
		case err == nil && k == 0:
			return sys.Message{}, errClosed
		case err != nil:
			return sys.Message{}, fmt.Errorf("read from the child: %w", err)
		default:
			n += k
		}
	}
	m := sys.ReadMessage(buf)
	if m.Kind == sys.Failed {
		c.over = true
		return m, c.failure(m)
	}
	return m, nil
}

// failure words what the child reported.
func (c *conn) failure(m sys.Message) error {
	errno := syscall.Errno(m.Value)
	if c.prog == nil {
		return &StepError{Text: errno.Error(), Errno: errno}
	}
	prog := c.prog()
	n, call := prog.At(int(m.Op))
	if n < 0 {
		return &StepError{Text: call + ": " + errno.Error(), Errno: errno}
	}
	s := prog.Steps()[n]
	if x, ok := s.(program.Explainer); ok {
		if text := x.Explain(errno); text != "" {
			return &StepError{n + 1, text, errno, true}
		}
	}
	what := errno.Error()
	if errno == unix.ENOSYS { // which of the step's calls it is matters here
		what = call + ": " + what
	}
	return &StepError{n + 1, "step " + strconv.Itoa(n+1) + ": " + s.String() + ": " + what, errno, false}
}

// duties are what the messages in the middle of a program ask for.
type duties struct {
	noted    func(n int)
	callOut  func(n int) error
	listener func(fd int) error
}

// answer does the duty of a message.
func (c *conn) answer(m sys.Message, d duties) error {
	switch m.Kind {
	case program.Noted:
		d.noted(int(m.Value))
		return nil
	case program.CallOut:
		if err := d.callOut(int(m.Value)); err != nil {
			return err
		}
		return c.Consent()
	case program.Listener:
		if err := d.listener(int(m.Value)); err != nil {
			return err
		}
		return c.Consent()
	}
	return fmt.Errorf("unexpected message %d from the child", m.Kind)
}

// Consent lets a waiting child go on.
func (c *conn) Consent() error { return c.say(program.Consent) }

func (c *conn) say(word byte) error {
	for {
		err := unix.Send(c.fd, []byte{word}, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil && !errors.Is(err, unix.EPIPE) { // a dead child is noticed when it is read from
			return fmt.Errorf("answer the child: %w", err)
		}
		return nil
	}
}

func socketpair() (ours, theirs int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("socketpair: %w", err)
	}
	return pair[0], pair[1], nil
}
