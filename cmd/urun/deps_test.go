package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStartUp keeps out what every start of urun would pay for. The prices are milliseconds of start-up time, beside
// about one of an empty Go program.
func TestStartUp(t *testing.T) {
	dear := map[string]string{
		"net/http":                        "0.9 ms: TLS and HTTP/2 are set up by being linked",
		"google.golang.org/protobuf":      "part of what containerd/cgroups costs",
		"github.com/cilium/ebpf":          "part of what containerd/cgroups costs",
		"github.com/godbus/dbus":          "0.4 ms",
		"github.com/containerd/cgroups":   "0.8 to 1.1 ms; urun-monitor has it",
		"github.com/spf13/cobra":          "one command line library is enough",
		"text/template":                   "keeps the linker from dropping unused methods, and is slow",
		"github.com/google/go-cmp":        "for tests only",
		"github.com/rogpeppe/go-internal": "for tests only",
		"log/slog":                        "urun logs a handful of lines; log.go writes them",
	}
	for _, pkg := range goList(t, "-deps", ".") {
		for path, why := range dear {
			if pkg == path || strings.HasPrefix(pkg, path+"/") {
				t.Errorf("%s is linked: %s", pkg, why)
			}
		}
	}
}

// goList runs go list and returns its lines.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here")
	}
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
