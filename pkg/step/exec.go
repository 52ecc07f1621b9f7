package step

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/program"
)

// Candidates lists the files that the command name may mean, in order: the name itself when it has a slash, else the
// name in each directory of the PATH in env (execvp(3)).
func Candidates(name string, env []string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	path := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, e := range env {
		if rest, ok := strings.CutPrefix(e, "PATH="); ok {
			path = rest
		}
	}
	var list []string
	for dir := range strings.SplitSeq(path, ":") {
		if strings.HasPrefix(dir, "/") {
			list = append(list, strings.TrimRight(dir, "/")+"/"+name)
		}
	}
	return list
}

// Find fails when there is no executable for the command, while the caller of create still listens.
type Find struct {
	Name  string
	Files []string
}

func (s Find) String() string { return "find " + s.Name }

// Emit implements Step.
func (s Find) Emit(p *program.Program) {
	each(p, s.Files, func(file string) {
		p.Call(unix.SYS_FACCESSAT, program.CWD, p.Str(file), program.Int(unix.X_OK))
	})
}

// Explain implements program.Explainer.
func (s Find) Explain(errno syscall.Errno) string { return explainExec(s.Name, errno) }

// Inheritance settles what the command inherits: descriptors below 3+Preserve, and signals as a program expects them, none
// blocked or ignored. What has a handler in the process gets its default action by execve(2) itself.
type Inheritance struct {
	Preserve int
	Ignored  []int // signals that the process ignores
}

func (s Inheritance) String() string {
	return "leave descriptors 0 to " + strconv.Itoa(2+s.Preserve) + " open, and let signals in"
}

// Emit implements Step.
func (s Inheritance) Emit(p *program.Program) {
	p.CloseRange(program.Int(3+s.Preserve), program.Int(uint32(1<<32-1)), unix.CLOSE_RANGE_CLOEXEC)
	p.Sigdefault(s.Ignored)
	p.Sigmask()
}

// Exec becomes the container's own command.
type Exec struct {
	Files []string
	Args  []string
	Env   []string
}

func (s Exec) String() string {
	quoted := make([]string, len(s.Args))
	for i, a := range s.Args {
		quoted[i] = strconv.Quote(a)
	}
	return "exec " + strings.Join(quoted, " ")
}

// Emit implements Step.
func (s Exec) Emit(p *program.Program) {
	args, env := p.Strs(s.Args), p.Strs(s.Env)
	each(p, s.Files, func(file string) { p.Call(unix.SYS_EXECVE, p.Str(file), args, env) })
}

// Explain implements program.Explainer.
func (s Exec) Explain(errno syscall.Errno) string { return explainExec(s.Args[0], errno) }

// each tries emit for every file until one succeeds; the last one's errno is the failure.
func each(p *program.Program, files []string, emit func(file string)) {
	if len(files) == 0 {
		p.Expect(program.Int(0), 1, 1, unix.ENOENT)
		return
	}
	if len(files) == 1 {
		emit(files[0])
		return
	}
	p.Try(func() { emit(files[0]) }, func() { each(p, files[1:], emit) }, unix.ENOENT, unix.ENOTDIR, unix.EACCES)
}

// explainExec words a failure of execve(2) as clients of runtimes know it; engines map these texts to exit codes 126 and 127.
func explainExec(name string, errno syscall.Errno) string {
	text := "exec: " + strconv.Quote(name) + ": "
	switch {
	case errno == unix.ENOENT && !strings.Contains(name, "/"):
		return text + "executable file not found in $PATH"
	case errno == unix.ENOEXEC:
		return text + errno.Error() + " (made for another architecture, or a script without #!)"
	}
	return text + errno.Error()
}

// Ready tells the parent that all is prepared, and goes on when it has noted that down.
type Ready struct{}

func (Ready) String() string { return "report ready" }

// Emit implements Step.
func (Ready) Emit(p *program.Program) {
	p.Tell(program.Ready, program.Int(0))
	p.Await()
}

// Listen waits for start: somebody who connects to the input "listen" and sends one byte. From then on messages go to
// them. A connection without a byte only asks whether the container still waits; one that asks (program.Ask) is shown the
// namespaces, to join them. HoldNamespaces comes before it.
type Listen struct {
	Namespaces uint64 // CLONE_NEW* of those to show
}

func (Listen) String() string { return "wait for start" }

// Emit implements Step.
func (s Listen) Emit(p *program.Program) {
	again := p.NewLabel()
	p.Place(again)
	conn := p.Call(unix.SYS_ACCEPT4, p.Input("listen"), program.Int(0), program.Int(0), program.Int(unix.SOCK_CLOEXEC))
	p.Try(func() { showing(p, conn, s.Namespaces) }, func() {
		p.Close(conn)
		p.Goto(again)
	}, unix.ECANCELED, unix.ECONNRESET)
	p.Copy(p.Input("sock"), conn)
}
