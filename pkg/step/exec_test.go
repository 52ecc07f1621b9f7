package step_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
	"github.com/urun/urun/pkg/sys"
)

func TestCandidates(t *testing.T) {
	const usual = "/usr/local/sbin/sh /usr/local/bin/sh /usr/sbin/sh /usr/bin/sh /sbin/sh /bin/sh"
	for _, tc := range []struct {
		name string
		env  []string
		want string
	}{
		{"/bin/sh", []string{"PATH=/usr/bin"}, "/bin/sh"},
		{"./sh", []string{"PATH=/usr/bin"}, "./sh"},
		{"sh", nil, usual},
		{"sh", []string{"HOME=/", "XPATH=/x"}, usual},
		{"sh", []string{"PATH=/a:/b/"}, "/a/sh /b/sh"},
		{"sh", []string{"PATH=/a", "PATH=/b"}, "/b/sh"},
		{"sh", []string{"PATH=rel::/a:."}, "/a/sh"}, // what is relative depends on where one stands
		{"sh", []string{"PATH=/"}, "/sh"},
		{"sh", []string{"PATH="}, ""},
	} {
		if got := strings.Join(step.Candidates(tc.name, tc.env), " "); got != tc.want {
			t.Errorf("%s with %q may be %s, want %s", tc.name, tc.env, got, tc.want)
		}
	}
}

func TestExec(t *testing.T) {
	s := saying(t, "args", "a b", "")
	s.Files = append([]string{"/no/such/file", "/etc/passwd/x", "/etc/passwd"}, s.Files...) // passed over: ENOENT, ENOTDIR, EACCES
	if got := answer(t, newWorld, append(asRoot(), s)...); got != s.Args[0]+" a b " {
		t.Errorf("its arguments are %q", got)
	}
}

// TestInheritedSignals: neither the mask with which the child was forked nor what its parent ignores is the command's.
func TestInheritedSignals(t *testing.T) {
	signal.Ignore(unix.SIGHUP)
	defer signal.Reset(unix.SIGHUP)
	status := answer(t, newWorld, append(asRoot(), step.Inheritance{Ignored: sys.IgnoredSignals()}, saying(t, "status"))...)
	for _, name := range []string{"SigBlk", "SigIgn", "SigPnd"} {
		if got := field(t, status, name); strings.Trim(got, "0") != "" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestInheritedDescriptors(t *testing.T) {
	for preserve, want := range map[int]string{0: "0 ", 2: "0 3 4 "} {
		if got := answer(t, newWorld, append(asRoot(), spread{3, 5}, step.Inheritance{Preserve: preserve}, saying(t, "descriptors"))...); got != want {
			t.Errorf("preserving %d, stdin is %q, want %q", preserve, got, want)
		}
	}
}

func TestExecFails(t *testing.T) {
	dir := tree(t, map[string]string{"text": "no program", "dir/": "", "script": "#!/no/interpreter\n"})
	for _, name := range []string{"text", "script"} {
		if name != "text" {
			if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		errno syscall.Errno
		text  string
	}{
		"missing": {unix.ENOENT, "no such file or directory"},
		"text":    {unix.EACCES, "permission denied"},
		"dir":     {unix.EACCES, "permission denied"},
		"script":  {unix.ENOENT, "no such file or directory"},
		"empty":   {unix.ENOEXEC, "exec format error (made for another architecture, or a script without #!)"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			s := step.Exec{Files: []string{file}, Args: []string{file}}
			_, err := start(t, newWorld, nil, append(asRoot(), s)...)
			f := wantErrno(t, err, s.String(), tc.errno)
			if want := fmt.Sprintf("exec: %q: %s", file, tc.text); f.explain != want {
				t.Errorf("explained as %q, want %q", f.explain, want)
			}
		})
	}
}

// TestFind: what cannot be executed is found out while somebody listens.
func TestFind(t *testing.T) {
	dir := tree(t, map[string]string{"plain": ""})
	plain := filepath.Join(dir, "plain")
	for _, tc := range []struct {
		s     step.Find
		errno syscall.Errno
		text  string
	}{
		{step.Find{Name: "nosuch", Files: []string{"/bin/nosuch", "/nosuch"}}, unix.ENOENT, `exec: "nosuch": executable file not found in $PATH`},
		{step.Find{Name: "nosuch"}, unix.ENOENT, `exec: "nosuch": executable file not found in $PATH`},
		{step.Find{Name: plain, Files: []string{plain}}, unix.EACCES, `exec: "` + plain + `": permission denied`},
	} {
		_, err := start(t, newWorld, nil, append(asRoot(), tc.s)...)
		if f := wantErrno(t, err, tc.s.String(), tc.errno); f.explain != tc.text {
			t.Errorf("explained as %q, want %q", f.explain, tc.text)
		}
	}
	world(t, step.Find{Name: "true", Files: []string{"/no/true", "/bin/true"}})
}

// TestListen: those who only ask whether somebody waits change nothing; a byte starts.
func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "start.sock")
	listen := socket(t)
	if err := errors.Join(unix.Bind(listen, &unix.SockaddrUnix{Name: path}), unix.Listen(listen, 4)); err != nil {
		t.Fatal(err)
	}
	c, err := start(t, newWorld, map[string]int{"listen": listen}, append(asRoot(), step.Ready{}, step.Listen{},
		step.CallOut{Number: 7}, saying(t, "nothing"))...)
	if err != nil {
		t.Fatal(err)
	}
	unix.Write(c.sock, []byte{1})
	for range 3 {
		unix.Close(connect(t, path))
	}
	conn := connect(t, path)
	unix.Write(conn, []byte{1})
	buf := make([]byte, 64)
	if n, err := unix.Read(conn, buf); n != 16 || buf[8] != 7 { // what the child has to say now comes here
		t.Fatalf("%d bytes came over the new conversation: %v (%v)", n, buf[:max(n, 0)], err)
	}
	unix.Write(conn, []byte{1})
	if n, _ := unix.Read(conn, buf); n != 0 { // it closes when the command runs
		t.Errorf("%d more bytes came: %v", n, buf[:max(n, 0)])
	}
	if status := c.wait(); status != 0 {
		t.Errorf("wait status %#x", status)
	}
}

func socket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func connect(t *testing.T, path string) int {
	t.Helper()
	fd := socket(t)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestHandover(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	inputs := map[string]int{"out": int(w.Fd())}
	c, err := start(t, newWorld, inputs, append(as(7, 8), step.Redirect{Input: "out", FD: 2}, step.Handover{FD: 2, UID: 7, GID: 8}, step.Ready{})...)
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(w.Fd()), &st); err != nil || int(st.Uid) != os.Getuid() {
		t.Errorf("the pipe belongs to %d (%v)", st.Uid, err)
	}
	ends := []string{target(int(w.Fd()))}
	link, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", c.pid))
	if !slices.Contains(ends, link) {
		t.Errorf("descriptor 2 is %s, want %s", link, ends)
	}
	_, err = start(t, newWorld, inputs, append(asRoot(), step.Redirect{Input: "out", FD: 2}, step.Handover{FD: 2, UID: 99})...)
	wantErrno(t, err, "hand descriptor 2 to 99:0", unix.EINVAL) // an id that is not mapped
}
