package step

import (
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Forget empties the memory of the caller's command line and environment, which are between the inputs "args" and "args"
// + "args.size", whole pages: a process of the container can read the command line of one that waits in it
// (/proc/PID/cmdline is open to everybody), and finds the name that Become has given.
type Forget struct{}

func (Forget) String() string { return "forget the caller's command line and environment" }

// Emit implements Step.
func (Forget) Emit(p *program.Program) {
	p.Try(func() {
		// What a private mapping has lost reads as zeros (madvise(2)).
		p.Call(unix.SYS_MADVISE, p.Input("args"), p.Input("args.size"), program.Int(unix.MADV_DONTNEED))
		p.Prctl(unix.PR_GET_NAME, p.Input("args.first"))
	}, nil, program.Any)
}
