package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
)

func (p *played) wantStatus(r *Runtime, want string) {
	p.Helper()
	s, err := r.State(p.rec.ID)
	if err != nil || s.Status != want {
		p.Errorf("status %q, %v; want %s", s.Status, err, want)
	}
	if (s.Pid == 0) != (want == statusStopped) {
		p.Errorf("pid %d of a container that is %s", s.Pid, want)
	}
}

func TestStatuses(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	p.wantStatus(r, statusRunning)

	p.rec.Creating = true
	p.save()
	p.wantStatus(r, statusCreating)

	p.rec.Creating = false
	p.save()
	listen, err := sandbox.Listen(socketPath(p.dir))
	if err != nil {
		t.Fatal(err)
	}
	for range 40 { // more than the backlog
		p.wantStatus(r, statusCreated)
	}
	_ = unix.Close(listen)
	p.wantStatus(r, statusRunning)

	p.rec.Paused = bySignals
	p.save()
	p.wantStatus(r, statusPaused)

	_ = p.cmd.Process.Kill()
	soon(t, "an unreaped process counts as stopped", func() bool { return !state.Alive(p.rec) })
	p.wantStatus(r, statusStopped)
	p.reap()
	p.wantStatus(r, statusStopped)

	_, err = r.State("none")
	wantError(t, err, "container does not exist")
	_, err = r.State("../x")
	if err == nil || !strings.Contains(err.Error(), "invalid container id") {
		t.Error(err)
	}
}

func TestStateJSON(t *testing.T) {
	r := newRuntime(t)
	p := container(t, r, "one", "init", ownPids)
	s, err := r.State("one")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.JSON()
	want := fmt.Sprintf(`{
  "ociVersion": "1.0.2",
  "id": "one",
  "pid": %d,
  "status": "running",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-01-02T03:04:05.000000006Z",
  "owner": ""
}`, p.rec.Pid)
	if err != nil || string(raw) != want {
		t.Errorf("got %s\nwant %s", raw, want)
	}
	p.rec.Annotations = map[string]string{"b": "2", "a": "1"}
	p.rec.Notices = []state.Notice{{Code: "C", Want: "w", Got: "g"}}
	p.rec.Paused = bySignals
	p.save()
	s, _ = r.State("one")
	raw, _ = s.JSON()
	for _, part := range []string{
		"  \"annotations\": {\n    \"a\": \"1\",\n    \"b\": \"2\"\n  },\n  \"owner\": \"\",\n  \"paused\": \"signals\",\n  \"notices\": [",
	} {
		if !strings.Contains(string(raw), part) {
			t.Errorf("%s has no %s", raw, part)
		}
	}
}

func TestList(t *testing.T) {
	var warned []string
	r := newRuntime(t)
	r.Warn = func(s string) { warned = append(warned, s) }
	all, err := r.List()
	if raw, _ := ListJSON(all); err != nil || string(raw) != "null\n" {
		t.Errorf("%q, %v", raw, err)
	}
	p := container(t, r, "b", "init", ownPids)
	d, err := r.Store.Create("c")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Save(state.Record{ID: "c", Owner: 4294967294}); err != nil {
		t.Fatal(err)
	}
	d.Close()
	if err := os.MkdirAll(filepath.Join(r.Store.Root, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Store.Root, "a", "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err = r.List()
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	got := ""
	for _, s := range all {
		got += fmt.Sprintln(s.ID, s.Status, s.Pid, s.Owner)
	}
	me := owners{}.name(uint32(os.Geteuid()))
	if want := fmt.Sprintf("a stopped 0 \nb running %d %s\nc stopped 0 #4294967294\n", p.rec.Pid, me); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "/a/state.json") {
		t.Error(warned)
	}
	raw, err := ListJSON(all)
	if err != nil || strings.Count(string(raw), "\n") != 1 {
		t.Errorf("%s, %v", raw, err)
	}
}

// BenchmarkList is of 100 containers, one of which runs.
func BenchmarkList(b *testing.B) {
	r := &Runtime{Store: state.Store{Root: b.TempDir()}, Warn: func(s string) { b.Error(s) }}
	start, err := state.StartTime(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		d, err := r.Store.Create(fmt.Sprint("c", i))
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Save(state.Record{ID: fmt.Sprint("c", i), Pid: os.Getpid(), StartTime: start}); err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
	for b.Loop() {
		if all, err := r.List(); err != nil || len(all) != 100 {
			b.Fatal(err)
		}
	}
}

func BenchmarkState(b *testing.B) {
	r := &Runtime{Store: state.Store{Root: b.TempDir()}}
	d, err := r.Store.Create("c")
	if err != nil {
		b.Fatal(err)
	}
	start, _ := state.StartTime(os.Getpid())
	if err := d.Save(state.Record{ID: "c", Pid: os.Getpid(), StartTime: start, BootID: state.BootID()}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.State("c"); err != nil {
			b.Fatal(err)
		}
	}
}
