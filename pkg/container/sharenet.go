package container

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/state"
)

// shareNetwork makes spec, where its annotations ask for the network of another container, one that joins that container's network
// namespace, and its user namespace, which the kernel asks for. The files of /etc that go with the network are mounted too.
// oneID: that user namespace has one id.
func (r *Runtime) shareNetwork(spec *specs.Spec) (oneID bool, err error) {
	id, ok := strings.CutPrefix(spec.Annotations[network.KeyNet], network.Of)
	if !ok || spec.Linux == nil {
		return false, nil
	}
	at := "--net " + network.Of + id + ": "
	rec, err := r.record(id)
	switch {
	case err != nil:
		return false, fmt.Errorf("%s%w", at, err)
	case !state.Alive(rec):
		return false, fmt.Errorf("%scontainer %s has stopped", at, id)
	case rec.Namespaces&unix.CLONE_NEWNET == 0:
		return false, fmt.Errorf("%scontainer %s has the host's own network", at, id)
	}
	joined := []specs.LinuxNamespaceType{specs.NetworkNamespace}
	if rec.Namespaces&unix.CLONE_NEWUSER != 0 {
		joined = append(joined, specs.UserNamespace)
		oneID = len(rec.UIDMap) == 1 && rec.UIDMap[0].Size == 1
		spec.Linux.UIDMappings, spec.Linux.GIDMappings = nil, nil
	}
	files := map[specs.LinuxNamespaceType]string{specs.NetworkNamespace: "net", specs.UserNamespace: "user"}
	for _, kind := range joined {
		link := "/proc/" + strconv.Itoa(rec.Pid) + "/ns/" + files[kind]
		n := specs.LinuxNamespace{Type: kind, Path: link}
		if i := slices.IndexFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind }); i >= 0 {
			spec.Linux.Namespaces[i] = n
			continue
		}
		spec.Linux.Namespaces = append(spec.Linux.Namespaces, n)
	}
	r.shareFiles(spec, id)
	return oneID, nil
}

// shareFiles mounts resolv.conf and hosts of container id, where spec does not mount its own.
func (r *Runtime) shareFiles(spec *specs.Spec, id string) {
	for _, name := range []string{"resolv.conf", "hosts"} {
		dest, source := "/etc/"+name, filepath.Join(r.Store.Root, id, name)
		own := slices.ContainsFunc(spec.Mounts, func(m specs.Mount) bool {
			d := path.Clean(m.Destination)
			return d == dest || d == "/etc"
		})
		if _, err := os.Lstat(source); err == nil && !own {
			spec.Mounts = append(spec.Mounts, specs.Mount{Destination: dest, Type: "bind", Source: source, Options: []string{"bind", "ro", "nosuid", "nodev", "noexec"}})
		}
	}
}
