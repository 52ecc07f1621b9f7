// Benchnet measures the network of a container, for urun and, where it is installed, for rootless podman, in turn: what the network
// adds to the start, how long a new connection through a published port takes, how fast bytes go in and out through the port, and how
// fast they go out of the container by each program that can connect it. All traffic stays on this host.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// options are what is measured, how often and how long.
type options struct {
	mode, only     string
	starts, rounds int
	warmUp, length time.Duration // of a stream: its beginning, which is not measured, and the rest
}

func main() {
	urun, inside := flag.String("urun", "bin/urun", "the binary"), flag.String("inside", "", "the test program")
	other := flag.String("other", "", "another urun to compare with, in place of podman")
	var o options
	flag.StringVar(&o.mode, "net", "slirp4netns", "mode of the network of the published port")
	flag.StringVar(&o.only, "only", "", "measure only this of start, connection, in, back, out")
	flag.IntVar(&o.starts, "n", 15, "starts of each")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of connections and of streams")
	flag.DurationVar(&o.warmUp, "warmup", 700*time.Millisecond, "beginning of a stream: windows grow, pipes are made, caches fill")
	flag.DurationVar(&o.length, "length", 2*time.Second, "length of a stream")
	flag.Parse()
	defer failed()
	dir, err := os.MkdirTemp("/tmp", "bn-") // podman wants a short path
	check(err)
	defer os.RemoveAll(dir)
	check(os.Setenv("XDG_RUNTIME_DIR", dir))
	defer endPodman(dir)
	tools := []tool{urunTool(firstTool, *urun, *inside, dir)}
	if *other != "" {
		tools = append(tools, urunTool("other", *other, *inside, dir))
	} else if path, err := exec.LookPath("podman"); err == nil {
		tools = append(tools, podmanTool(path, *inside, dir))
	}
	header(tools, o)
	for _, p := range parts {
		if o.only == "" || o.only == p.name {
			p.measure(tools, o)
		}
	}
}

// parts are what can be measured by itself, in the order of the table.
var parts = []struct {
	name    string
	measure func([]tool, options)
}{
	{"start", starts},
	{"connection", func(tools []tool, o options) {
		lower(tools, "new connection and its answer, µs", rounds(tools, o, connections))
	}},
	{"in", func(tools []tool, o options) {
		higher(tools, "into the published port, MiB/s", rounds(tools, o, into))
	}},
	{"back", func(tools []tool, o options) {
		higher(tools, "back through the port, MiB/s", rounds(tools, o, back))
	}},
	{"out", func(tools []tool, o options) {
		for _, o.mode = range []string{"slirp4netns", "pasta"} {
			able, why := who(tools, o.mode)
			higher(tools, "out by "+o.mode+", MiB/s", rounds(able, o, out))
			for _, w := range why {
				fmt.Println("  " + w)
			}
		}
	}},
}

// A failure ends everything, but not before what was started is stopped.
type failure struct{ error }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// failed is deferred: it ends the program with the error of a check that did not hold.
func failed() {
	switch f := recover().(type) {
	case nil:
	case failure:
		fmt.Fprintln(os.Stderr, "benchnet:", f.error)
		os.Exit(1)
	default:
		panic(f)
	}
}
