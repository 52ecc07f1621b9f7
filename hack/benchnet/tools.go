package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

func urunTool(path, inside, dir, mode string) tool {
	root := rootfs(inside, dir)
	bundle := func(words string) string {
		b := filepath.Join(dir, "bundle-"+strings.ReplaceAll(words, " ", "-"))
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
	return tool{
		name:  "urun",
		plain: func(id string) []string { return []string{path, "run", "-b", bundle("print x"), id} },
		once: func(id, port string) []string {
			return []string{path, "run", "-b", bundle("print x"), "--net", mode, "-p", port + ":80", id}
		},
		serve: func(id, port, verb string) []string {
			return []string{path, "run", "-d", "-b", bundle(verb + " :80 -- forever"), "--net", mode, "-p", port + ":80", id}
		},
		stop: func(id string) []string { return []string{path, "delete", "--force", id} },
	}
}

func podmanTool(path, inside, dir, mode string) tool {
	root := rootfs(inside, dir)
	runtime := "runc" // Debian's crun runs nothing where cgroup v1 and v2 are mixed
	say := func(words ...string) []string {
		return append([]string{path, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"),
			"--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", runtime}, words...)
	}
	if mode == "none" { // podman publishes nothing then
		mode = "slirp4netns"
	}
	return tool{
		name: "podman",
		plain: func(string) []string {
			return say("run", "--rm", "--network", "host", "--log-driver", "none", "--rootfs", root, "/inside", "print", "x")
		},
		once: func(_, port string) []string {
			return say("run", "--rm", "--network", mode, "-p", "127.0.0.1:"+port+":80", "--log-driver", "none", "--rootfs", root, "/inside", "print", "x")
		},
		serve: func(id, port, verb string) []string {
			words := append(strings.Fields(verb), ":80", "--", "forever")
			return append(say("run", "-d", "--name", id, "--network", mode, "-p", "127.0.0.1:"+port+":80", "--log-driver", "none", "--rootfs", root, "/inside"), words...)
		},
		stop: func(id string) []string { return say("rm", "--force", "--time", "0", id) },
	}
}
