// Go's runtime would keep the cgroup's cpu files open, and the verb fds would see them.
//
//go:debug containermaxprocs=0

// Inside is the whole root file system of the end-to-end tests: one static program with a verb for every question
// one may ask from inside a container. It prints one simple line per answer. Several verbs may be chained with
// `--`: `inside id -- cwd -- exit 3`. A verb that meets an error says so on stderr and the last exit code is 1.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// A verb answers one question, or does one small thing, with the words that follow it.
type verb func(args []string) error

var verbs = map[string]verb{}

func register(family map[string]verb) {
	for name, v := range family {
		verbs[name] = v
	}
}

func main() {
	runtime.LockOSThread() // what /proc/self says is then what the asking thread has
	register(identity)
	register(files)
	register(world)
	register(networks)
	register(processes)
	register(terminals)
	register(kernel)
	register(attributes)
	register(limits)
	code := 0
	for _, words := range sentences(os.Args[1:]) {
		if err := say(words); err != nil {
			fmt.Fprintf(os.Stderr, "inside: %s: %v\n", strings.Join(words, " "), err)
			code = 1
		}
	}
	os.Exit(code)
}

// sentences cuts the arguments at each `--`.
func sentences(args []string) [][]string {
	var all [][]string
	start := 0
	for i := 0; i <= len(args); i++ {
		if i < len(args) && args[i] != "--" {
			continue
		}
		if i > start {
			all = append(all, args[start:i])
		}
		start = i + 1
	}
	return all
}

func say(words []string) error {
	v, ok := verbs[words[0]]
	if !ok {
		return fmt.Errorf("no such verb")
	}
	return v(words[1:])
}

// arg is the i-th argument, or empty.
func arg(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}
