// Benchnet measures a published port: what the network adds to the start of a container, how fast bytes go in, and how long a new
// connection takes, for urun and, where it is installed, for podman, in turn. All traffic is on 127.0.0.1.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A tool starts a container that answers at a port of the host.
type tool struct {
	name  string
	plain func(id string) []string             // runs /true without a network of its own and waits
	once  func(id, port string) []string       // the same with one
	serve func(id, port, verb string) []string // runs `inside VERB :80` in the background
	stop  func(id string) []string
}

func main() {
	urun, inside := flag.String("urun", "bin/urun", "the binary"), flag.String("inside", "", "the test program")
	mode := flag.String("net", "slirp4netns", "mode of the network")
	runs := flag.Int("n", 10, "runs of each")
	mib := flag.Int64("mib", 512, "size of the stream")
	flag.Parse()
	dir, err := os.MkdirTemp("/tmp", "bn-") // podman wants a short path
	check(err)
	defer os.RemoveAll(dir)
	tools := []tool{urunTool(*urun, *inside, dir, *mode)}
	if path, err := exec.LookPath("podman"); err == nil {
		tools = append(tools, podmanTool(path, *inside, dir, *mode))
	}
	fmt.Printf("%-10s %12s %12s %12s %12s %12s\n", "", "start", "with net", "added", "MiB/s in", "connection")
	measure(tools, *runs, *mib)
}

// figures are what was measured of one tool.
type figures struct {
	plain, networked, connection []time.Duration
	rate                         []float64
}

func measure(tools []tool, runs int, mib int64) {
	all := make([]figures, len(tools))
	port := 28000
	for i := range runs {
		for n, t := range tools {
			f := &all[n]
			f.plain = append(f.plain, timed(t.plain(fmt.Sprintf("bn-p%d", i))))
			port++
			f.networked = append(f.networked, timed(t.once(fmt.Sprintf("bn-n%d", i), fmt.Sprint(port))))
		}
	}
	for i := range 5 {
		for n, t := range tools {
			f := &all[n]
			port++
			served(t, fmt.Sprintf("bn-s%d", i), port, "sink", func(at string) { f.rate = append(f.rate, stream(at, mib)) })
			port++
			served(t, fmt.Sprintf("bn-c%d", i), port, "serve tcp", func(at string) { f.connection = append(f.connection, connections(at, 1000)) })
		}
	}
	for n, t := range tools {
		f := all[n]
		a, b := median(f.plain), median(f.networked)
		slices.Sort(f.rate)
		fmt.Printf("%-10s %12s %12s %12s %12.0f %12s\n", t.name, ms(a), ms(b), ms(b-a), f.rate[len(f.rate)/2], ms(median(f.connection)))
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func timed(argv []string) time.Duration {
	start := time.Now()
	command(argv)
	return time.Since(start)
}

func command(argv []string) {
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := os.CreateTemp("", "benchnet-out") // a pipe would stay open as long as a container in the background
	check(err)
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		check(fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, said))
	}
}

// served runs a server while do is done.
func served(t tool, id string, port int, verb string, do func(at string)) {
	command(t.serve(id, fmt.Sprint(port), verb))
	defer command(t.stop(id))
	do(fmt.Sprintf("127.0.0.1:%d", port))
}

// dial connects to a server that may not listen yet: a proxy takes the connection and closes it then.
func dial(at string) net.Conn {
	for range 500 {
		if c, err := net.Dial("tcp", at); err == nil {
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	check(fmt.Errorf("%s: nobody listens", at))
	return nil
}

// stream sends so many MiB, and returns how many a second arrived.
func stream(at string, mib int64) float64 {
	time.Sleep(time.Second) // the server is up then
	c := dial(at)
	check(c.SetDeadline(time.Now().Add(time.Minute)))
	buf := make([]byte, 1<<20)
	start := time.Now()
	for range mib {
		_, err := c.Write(buf)
		check(err)
	}
	check(c.(*net.TCPConn).CloseWrite())
	_, _ = io.Copy(io.Discard, c) // the sink ends when it has all
	c.Close()
	return float64(mib) / time.Since(start).Seconds()
}

// connections makes n connections, one after the other, and returns how long one takes with its answer.
func connections(at string, n int) time.Duration {
	time.Sleep(time.Second)
	start := time.Now()
	buf := make([]byte, 64)
	for range n {
		c := dial(at)
		check(c.SetDeadline(time.Now().Add(time.Minute)))
		_, err := io.WriteString(c, "x")
		check(err)
		_, err = c.Read(buf)
		check(err)
		c.Close()
	}
	return time.Since(start) / time.Duration(n)
}

// rootfs has the test program, and a true.
func rootfs(inside, dir string) string {
	root := filepath.Join(dir, "rootfs")
	for _, d := range []string{"proc", "dev", "sys", "etc", "run", "tmp"} {
		check(os.MkdirAll(filepath.Join(root, d), 0o755))
	}
	raw, err := os.ReadFile(inside)
	check(err)
	check(os.WriteFile(filepath.Join(root, "inside"), raw, 0o755))
	return root
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchnet:", err)
		os.Exit(1)
	}
}
