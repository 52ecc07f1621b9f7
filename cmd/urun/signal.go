package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Real-time signals as users count them: the C library keeps the kernel's first two to itself. See signal(7).
const (
	sigRTMin = 34
	sigRTMax = 64
)

// parseSignal reads a signal as kill(1) does: a number, or a name with or without SIG.
func parseSignal(word string) (unix.Signal, error) {
	unknown := fmt.Errorf("unknown signal %q", word)
	if n, err := strconv.Atoi(word); err == nil {
		if n < 0 || n > sigRTMax {
			return 0, unknown
		}
		return unix.Signal(n), nil
	}
	name := strings.TrimPrefix(strings.ToUpper(word), "SIG")
	for _, base := range []struct {
		name  string
		first int
	}{{"RTMIN", sigRTMin}, {"RTMAX", sigRTMax}} {
		offset, ok := strings.CutPrefix(name, base.name)
		if !ok {
			continue
		}
		n, err := 0, error(nil)
		if offset != "" {
			n, err = strconv.Atoi(offset) // takes the sign along
		}
		if signed := offset == "" || offset[0] == '+' || offset[0] == '-'; err != nil || !signed {
			return 0, unknown
		}
		if n += base.first; n < sigRTMin || n > sigRTMax {
			return 0, unknown
		}
		return unix.Signal(n), nil
	}
	if sig := unix.SignalNum("SIG" + name); sig != 0 {
		return sig, nil
	}
	return 0, unknown
}
