package container

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/network"
	"github.com/urun/urun/pkg/state"
)

// NetworkFlags are what create and run are asked about the network; the annotations of the config stand for those that are empty.
type NetworkFlags struct {
	Mode     string
	Publish  []string
	DNS      []string
	AddHost  []string
	Loopback bool
}

// Annotate writes the flags into the annotations of spec, where everything else reads them.
func (f NetworkFlags) Annotate(spec *specs.Spec) {
	loopback := ""
	if f.Loopback {
		loopback = "true"
	}
	for _, kv := range [][2]string{
		{network.KeyNet, f.Mode}, {network.KeyPublish, strings.Join(f.Publish, ",")}, {network.KeyDNS, strings.Join(f.DNS, ",")},
		{network.KeyAddHost, strings.Join(f.AddHost, ",")}, {network.KeyLoopback, loopback},
	} {
		if kv[1] == "" {
			continue
		}
		if spec.Annotations == nil {
			spec.Annotations = map[string]string{}
		}
		spec.Annotations[kv[0]] = kv[1]
	}
}

// networkFiles makes the files that the plan mounts into the container.
func (b *birth) networkFiles() error {
	if b.plan.Network == nil {
		return nil
	}
	b.record.Network = b.plan.Network.Mode
	for _, f := range b.plan.Network.Files {
		if err := b.dir.Put(f.Name, f.Content); err != nil {
			return err
		}
	}
	return nil
}

// connected waits, while the container does, until urun-monitor has given it its network. It cannot begin without.
func (b *birth) connected() error {
	if b.companion == nil {
		return errors.New("network: " + b.record.Monitor.Lost)
	}
	ports, err := b.companion.Ready(time.Now().Add(monitorTime))
	b.companion, b.record.Ports, b.staged = nil, ports, false
	b.since = b.trace("network", b.since)
	if err != nil {
		dismiss(b.record)
	}
	return err
}

// published are the ports of a container as they are now; nil where there are none.
func published(rec state.Record, report state.Report, lives bool) (ports []companion.Port) {
	switch {
	case !lives || report.NetLost != "":
	case report.PortsChanged:
		ports = report.Ports
	case rec.Ports != "":
		_ = json.Unmarshal([]byte(rec.Ports), &ports) // of a record that was read
	}
	return ports
}

// Networked is, in the answer of state, the network that urun has given a container.
type Networked struct {
	Mode  string           `json:"mode"`
	Ports []companion.Port `json:"ports,omitempty"`
	Lost  string           `json:"lost,omitempty"` // why it has none any more
}

// addNetwork completes the answer of state with the container's network.
func (s *Status) addNetwork(rec state.Record, report state.Report, lives bool) {
	if rec.Network == "" {
		return
	}
	n := &Networked{Mode: rec.Network, Lost: report.NetLost}
	if s.Status != statusStopped {
		n.Ports = published(rec, report, lives)
		if !lives && rec.Monitor != nil && slices.Contains(rec.Monitor.Duties, companion.Net) {
			n.Lost = cmp.Or(n.Lost, companion.Name+" has ended")
		}
	}
	s.Network = n
}
