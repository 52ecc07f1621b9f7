package test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Programs under test, absolute paths; set once by TestMain.
var (
	urunPath   string
	insidePath string
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	flag.Parse()
	if os.Geteuid() == 0 {
		if os.Getenv("URUN_TEST_AS_ROOT") != "1" {
			fmt.Fprintln(os.Stderr, "test: these tests are for an ordinary user: run them as one (make test does), or set URUN_TEST_AS_ROOT=1 for those that hold for root too")
			return 1
		}
		if f := flag.Lookup("test.run"); f.Value.String() == "" {
			_ = f.Value.Set("^TestAnyCaller")
		}
	}
	dir, err := os.MkdirTemp("", "urun-test-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// The container's users look at the test program through their own root, not through this directory.
	urunPath, err = program("URUN", dir, "urun", "../cmd/urun")
	if err == nil && filepath.Dir(urunPath) == dir {
		_, err = program("", dir, "urun-monitor", "../cmd/urun-monitor") // urun looks for it beside itself
	}
	if err == nil {
		insidePath, err = program("URUN_TEST_INSIDE", dir, "inside", "./inside")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		return 1
	}
	return m.Run()
}

// program is the path in the environment variable, or else what go builds from the package.
func program(variable, dir, name, pkg string) (string, error) {
	if p := os.Getenv(variable); p != "" {
		p, err := filepath.Abs(p)
		if err != nil {
			return "", err
		}
		_, err = os.Stat(p)
		return p, err
	}
	out := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, text)
	}
	return out, nil
}
