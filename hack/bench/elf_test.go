package main

import (
	"debug/elf"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestProgramsAreELF(t *testing.T) {
	for arch, m := range machines {
		dir := t.TempDir()
		if err := writePrograms(dir, arch); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"true", "pause"} {
			f, err := elf.Open(dir + "/" + name)
			if err != nil {
				t.Fatalf("%s %s: %v", arch, name, err)
			}
			if f.Machine != m.id || f.Entry != 0x400078 || len(f.Progs) != 1 {
				t.Errorf("%s %s: machine %v, entry %#x, %d segments", arch, name, f.Machine, f.Entry, len(f.Progs))
			}
			f.Close()
		}
	}
}

func TestProgramsRun(t *testing.T) {
	dir := t.TempDir()
	if err := writePrograms(dir, runtime.GOARCH); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(dir + "/true").CombinedOutput(); err != nil {
		t.Errorf("true: %v %s", err, out)
	}
	pause := exec.Command(dir + "/pause")
	if err := pause.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- pause.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("pause ended: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := pause.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended
}
