package state

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestMain lets the test binary play other processes.
func TestMain(m *testing.M) {
	switch os.Getenv("STATE_TEST_ROLE") {
	case "create": // prints "won" when it got the id, then keeps it until stdin ends
		playCreate()
	case "full":
		playFullDisk()
	default:
		os.Exit(m.Run())
	}
}

func play(role, root string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "STATE_TEST_ROLE="+role, "STATE_TEST_ROOT="+root)
	cmd.Stderr = os.Stderr
	return cmd
}

func playCreate() {
	d, err := Store{Root: os.Getenv("STATE_TEST_ROOT")}.Create("one")
	switch {
	case err == nil:
		if err := d.Save(Record{ID: "one"}); err != nil {
			panic(err)
		}
		fmt.Println("won")
	case !errors.Is(err, ErrExists):
		fmt.Println(err)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}
