package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/sandbox"
	"github.com/urun/urun/pkg/state"
	"github.com/urun/urun/pkg/step"
)

// checkAgent refuses a container whose filter would ask somebody who is not there.
func checkAgent(p plan.Plan) error {
	for _, s := range p.Steps {
		if filter, ok := s.(step.Seccomp); ok && filter.Listener != "" {
			return checkSocket("linux.seccomp.listenerPath", filter.Listener)
		}
	}
	return nil
}

func checkSocket(at, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: %s does not exist; start the agent first", at, path)
	case err != nil:
		return fmt.Errorf("%s: %w", at, err)
	case info.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("%s: %s is not a socket", at, path)
	}
	return nil
}

// inform hands descriptor fd of the process pid, behind pidfd, to the agent of linux.seccomp, with what the spec wants it to know
// of the process (config-linux.md, "The Container Process State").
func inform(s *specs.LinuxSeccomp, rec state.Record, status string, pid, pidfd, fd int) error {
	listener, err := sandbox.TakeFD(pidfd, fd)
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	text, err := json.Marshal(specs.ContainerProcessState{
		Version: rec.OCIVersion, Fds: []string{specs.SeccompFdName}, Pid: pid, Metadata: s.ListenerMetadata, State: stateOf(rec, status),
	})
	if err != nil {
		return err
	}
	agent, err := sandbox.Dial(s.ListenerPath)
	if err != nil {
		return fmt.Errorf("linux.seccomp.listenerPath: %w", err)
	}
	defer unix.Close(agent)
	if err := sandbox.SendFD(agent, listener, string(text)); err != nil {
		return fmt.Errorf("linux.seccomp.listenerPath: %s: %w", s.ListenerPath, err)
	}
	return nil
}
