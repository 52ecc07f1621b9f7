package step_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/step"
)

var procMount = step.Mount{Type: "proc", Source: "proc", Dest: "/proc"}

// TestHostProc: a /proc that is no proc file system is not written to (CVE-2019-16884).
func TestHostProc(t *testing.T) {
	rootfs := tree(t, map[string]string{"proc/self/attr/exec": "", "proc/self/attr/apparmor/exec": ""})
	enter := append(asRoot(), inside(rootfs)...)
	_, err := start(t, newWorld, nil, append(enter, step.HostProc{})...)
	wantErrno(t, err, "take a handle of /proc", unix.ENOTSUP)
	enter = append(asRoot(), inside(rootfs, procMount)...)
	if _, err = start(t, newWorld|unix.CLONE_NEWPID, nil, append(enter, step.HostProc{}, step.Ready{})...); err != nil {
		t.Error(err)
	}
}

// TestExecLabelUnknown: no security module, whichever this kernel applies, knows the label. It is refused with the reason.
func TestExecLabelUnknown(t *testing.T) {
	for _, module := range []string{"apparmor", "selinux"} {
		s := step.ExecLabel{Module: module, Label: "no such label"}
		_, err := start(t, newWorld, nil, append(asRoot(), step.HostProc{}, s)...)
		f, ok := err.(*failure)
		if !ok || f.step.String() != module+" label no such label" || f.explain == "" {
			t.Errorf("%v, want the failure of the step with an explanation", err)
		}
	}
}

// TestExecLabelBehindAMount: what somebody has mounted over the file of the label takes no label.
func TestExecLabelBehindAMount(t *testing.T) {
	rootfs := tree(t, map[string]string{"proc/": "", "fake": ""})
	fake := filepath.Join(rootfs, "fake")
	for _, over := range []string{"/proc/1/attr/exec", "/proc/1/attr"} {
		source := fake
		if filepath.Base(over) == "attr" {
			source = tree(t, map[string]string{"exec": ""})
		}
		steps := inside(rootfs, procMount, step.Bind{Source: source, Dest: over})
		s := step.ExecLabel{Module: "selinux", Label: "u:r:t:s0"}
		_, err := start(t, newWorld|unix.CLONE_NEWPID, nil, append(append(asRoot(), steps...), step.HostProc{}, s)...)
		wantErrno(t, err, s.String(), unix.EXDEV)
		if read(t, fake) != "" {
			t.Error("the label was written into the fake")
		}
	}
}
