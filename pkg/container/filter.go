package container

import (
	"hash/fnv"
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/bundle"
	"github.com/urun/urun/pkg/plan"
	"github.com/urun/urun/pkg/seccomp"
)

// filter is what the section linux.seccomp of the config raw, left out of spec, has become: today, or for an earlier container,
// for most have the same, and to understand it and compile it takes longer than all other decisions together. nil: spec has all
// that there is, or has it now.
func (r *Runtime) filter(spec *specs.Spec, raw, section []byte) (*seccomp.Filter, error) {
	if section == nil {
		return nil, nil
	}
	hash := fnv.New64a() // only a name: Unpack compares the whole text
	_, _ = hash.Write(section)
	name := "seccomp-" + strconv.FormatUint(hash.Sum64(), 16)
	if f := seccomp.Unpack(r.Store.Kept(name), section); f != nil {
		return f, nil
	}
	s, err := bundle.DecodeFilter(raw, section)
	if err != nil {
		return nil, err
	}
	f, err := plan.CompileFilter(s)
	if err != nil {
		return nil, err
	}
	if f.Listener { // who it asks, and with what words, is in the spec
		spec.Linux.Seccomp = s
		return nil, nil
	}
	r.Store.Keep(name, f.Pack(section))
	return f, nil
}
