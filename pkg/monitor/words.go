package monitor

import (
	"fmt"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// words keeps the beginning of what a helper prints, for who wants to know why it failed.
type words struct {
	mu   sync.Mutex
	text []byte
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p[:min(len(p), 4096-len(w.text))]...)
	return len(p), nil
}

// lines are those that say something. An old pasta fills the space between its lines with its grief about a host without syslog.
func (w *words) lines() (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(string(w.text)) {
		line = strings.TrimSpace(line)
		if line != "" && (!strings.HasPrefix(line, "Failed to send ") || !strings.HasSuffix(line, " to syslog")) {
			lines = append(lines, line)
		}
	}
	return lines
}

// with is the first line that has one of these signs in it, or "".
func (w *words) with(signs ...string) string {
	for _, line := range w.lines() {
		for _, sign := range signs {
			if strings.Contains(line, sign) {
				return line
			}
		}
	}
	return ""
}

// last is the line that a helper printed last.
func (w *words) last() string {
	lines := w.lines()
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// tooOld is the error of a helper that does not know one of its options; nil: it is not for that.
func tooOld(said *words, name, needed string) error {
	if line := said.with("unrecognized option", "unknown option", "invalid option"); line != "" {
		return fmt.Errorf("%s is too old (%s): %s or newer is needed", name, line, needed)
	}
	return nil
}

func ending(status syscall.WaitStatus) string {
	if status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}
