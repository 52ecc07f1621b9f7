package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A tool runs containers on a network, each with a port of the host published as its port 80.
type tool struct {
	name  string
	plain func(id string) []string                               // runs one that ends at once, on the host's network
	once  func(id, mode string, port int) []string               // the same on a network of its own
	serve func(id, mode string, port int, words string) []string // runs `inside WORDS` in the background
	stop  func(id string) []string
}

func urunTool(name, path, inside, dir string) tool {
	root := rootfs(inside, dir)
	bundle := func(words string) string {
		b := filepath.Join(dir, name+"-"+strings.Map(letters, words))
		if os.Mkdir(b, 0o755) != nil {
			return b
		}
		command([]string{path, "spec", "-b", b})
		file := filepath.Join(b, "config.json")
		raw, err := os.ReadFile(file)
		check(err)
		var spec map[string]any
		check(json.Unmarshal(raw, &spec))
		spec["root"] = map[string]any{"path": root}
		process := spec["process"].(map[string]any)
		process["terminal"], process["args"] = false, append([]string{"/inside"}, strings.Fields(words)...)
		raw, err = json.Marshal(spec)
		check(err)
		check(os.WriteFile(file, raw, 0o644))
		return b
	}
	network := func(mode string, port int) []string {
		return []string{"--net", mode, "-p", fmt.Sprintf("%d:80", port)}
	}
	return tool{
		name:  name,
		plain: func(id string) []string { return []string{path, "run", "-b", bundle("print x"), id} },
		once: func(id, mode string, port int) []string {
			return append([]string{path, "run", "-b", bundle("print x")}, append(network(mode, port), id)...)
		},
		serve: func(id, mode string, port int, words string) []string {
			return append([]string{path, "run", "-d", "-b", bundle(words)}, append(network(mode, port), id)...)
		},
		stop: func(id string) []string { return []string{path, "delete", "--force", id} },
	}
}

// letters makes words the name of a file.
func letters(r rune) rune {
	if r == ' ' || r == '/' {
		return '-'
	}
	return r
}

func podmanTool(path, inside, dir string) tool {
	root := rootfs(inside, dir)
	say := func(words ...string) []string {
		return append([]string{path, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"),
			"--cgroup-manager", "cgroupfs", "--events-backend", "none",
			"--runtime", "runc", // Debian's crun runs nothing where cgroup v1 and v2 are mixed
			"run", "--log-driver", "none"}, words...)
	}
	network := func(mode string, port int) []string {
		if mode == "none" { // podman publishes nothing then
			mode = "slirp4netns"
		}
		return []string{"--network", mode, "-p", fmt.Sprintf("127.0.0.1:%d:80", port), "--rootfs", root, "/inside"}
	}
	return tool{
		name: "podman",
		plain: func(string) []string {
			return say("--rm", "--network", "host", "--rootfs", root, "/inside", "print", "x")
		},
		once: func(_, mode string, port int) []string {
			return append(append(say("--rm"), network(mode, port)...), "print", "x")
		},
		serve: func(id, mode string, port int, words string) []string {
			return append(append(say("-d", "--name", id), network(mode, port)...), strings.Fields(words)...)
		},
		stop: func(id string) []string {
			argv := say()
			return append(argv[:len(argv)-3:len(argv)-3], "rm", "--force", "--time", "0", id)
		},
	}
}
