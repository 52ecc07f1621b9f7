package step_test

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// uname writes struct utsname to the input "out".
type uname struct{}

func (uname) String() string { return "uname" }

func (uname) Emit(p *program.Program) {
	buf := p.Data(make([]byte, 6*65))
	p.Call(unix.SYS_UNAME, buf)
	p.Call(unix.SYS_WRITE, p.Input("out"), buf, program.Int(6*65))
}

// show writes the beginning of a file to the input "out".
type show struct{ path string }

func (s show) String() string { return "show " + s.path }

func (s show) Emit(p *program.Program) {
	buf := p.Data(make([]byte, 2048))
	n := p.Call(unix.SYS_READ, p.Open(s.path, unix.O_RDONLY), buf, program.Int(2048))
	p.Call(unix.SYS_WRITE, p.Input("out"), buf, n)
}

// spread makes stdin the descriptors from first to last too, none of them close-on-exec.
type spread struct{ first, last int }

func (spread) String() string { return "spread stdin" }

func (s spread) Emit(p *program.Program) {
	for fd := s.first; fd <= s.last; fd++ {
		p.Call(unix.SYS_DUP3, program.Int(0), program.Int(fd), program.Int(0))
	}
}

// fails fails with errno.
type fails struct{ errno syscall.Errno }

func (fails) String() string { return "fail" }

func (s fails) Emit(p *program.Program) { p.Expect(program.Int(0), 1, 1, s.errno) }
