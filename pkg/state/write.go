package state

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/urun/urun/pkg/idmap"
)

// encode renders the record as json.Marshal would, the version always being the current one. It does so by hand because a
// process that encodes one record spends most of the time of json.Marshal on getting to know its type.
func (r Record) encode() ([]byte, error) {
	if y := r.Created.Year(); y < 0 || y > 9999 { // RFC 3339 has no others; package json says so
		r.Version = version
		return json.Marshal(r)
	}
	w := writer{make([]byte, 0, 1024)}
	w.raw(`{"version":`).number(version).raw(`,"id":`).text(r.ID).raw(`,"bundle":`).text(r.Bundle).raw(`,"rootfs":`).text(r.Rootfs)
	w.raw(`,"ociVersion":`).text(r.OCIVersion)
	w.annotations(r.Annotations)
	w.raw(`,"owner":`).number(uint64(r.Owner)).raw(`,"created":"`)
	w.b = r.Created.AppendFormat(w.b, time.RFC3339Nano)
	w.raw(`","pid":`)
	w.b = strconv.AppendInt(w.b, int64(r.Pid), 10)
	w.raw(`,"startTime":`).number(r.StartTime)
	w.unless("", `,"bootID":`, r.BootID)
	w.raw(`,"namespaces":`).number(r.Namespaces)
	w.ids(`,"uidMap":[`, r.UIDMap)
	w.ids(`,"gidMap":[`, r.GIDMap)
	if r.Creating {
		w.raw(`,"creating":true`)
	}
	w.unless("", `,"paused":`, r.Paused)
	if r.Cgroup != nil {
		w.cgroup(*r.Cgroup)
	}
	if r.Monitor != nil {
		w.monitor(*r.Monitor)
	}
	w.unless("", `,"network":`, r.Network)
	w.unless("", `,"ports":`, r.Ports)
	w.unless("", `,"resources":`, r.Resources)
	w.notices(r.Notices)
	return w.raw(`}`).b, nil
}

// writer appends JSON.
type writer struct{ b []byte }

func (w *writer) raw(s string) *writer {
	w.b = append(w.b, s...)
	return w
}

func (w *writer) number(n uint64) *writer {
	w.b = strconv.AppendUint(w.b, n, 10)
	return w
}

// text leaves to package json what is not plain.
func (w *writer) text(s string) *writer {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // of a string it does not fail
			w.b = append(w.b, quoted...)
			return w
		}
	}
	return w.raw(`"`).raw(s).raw(`"`)
}

// unless writes a key and its value where the value is not the one that goes without saying.
func (w *writer) unless(unsaid, key, value string) {
	if value != unsaid {
		w.raw(key).text(value)
	}
}

func (w *writer) annotations(all map[string]string) {
	if len(all) == 0 {
		return
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	before := `,"annotations":{`
	for _, key := range keys {
		w.raw(before).text(key).raw(`:`).text(all[key])
		before = `,`
	}
	w.raw(`}`)
}

func (w *writer) ids(before string, m idmap.Map) {
	if len(m) == 0 {
		return
	}
	for _, line := range m {
		w.raw(before).raw(`{"containerID":`).number(uint64(line.ContainerID)).raw(`,"hostID":`).number(uint64(line.HostID))
		w.raw(`,"size":`).number(uint64(line.Size)).raw(`}`)
		before = `,`
	}
	w.raw(`]`)
}

func (w *writer) cgroup(c Cgroup) {
	w.raw(`,"cgroup":{"manager":`).text(c.Manager)
	w.unless("", `,"unit":`, c.Unit)
	w.raw(`,"path":`).text(c.Path)
	w.unless("", `,"leaf":`, c.Leaf)
	before := `,"limits":[`
	for _, l := range c.Limits {
		w.raw(before).raw(`{"want":`).text(l.Want).raw(`,"file":`).text(l.File)
		w.unless("", `,"asked":`, l.Asked)
		w.raw(`,"got":`).text(l.Got).raw(`}`)
		before = `,`
	}
	if len(c.Limits) > 0 {
		w.raw(`]`)
	}
	w.raw(`}`)
}

func (w *writer) monitor(m Monitor) {
	w.raw(`,"monitor":{"by":`).text(m.By).raw(`,"pid":`)
	w.b = strconv.AppendInt(w.b, int64(m.Pid), 10)
	w.raw(`,"startTime":`).number(m.StartTime)
	before := `,"duties":[`
	for _, duty := range m.Duties {
		w.raw(before).text(duty)
		before = `,`
	}
	if len(m.Duties) > 0 {
		w.raw(`]`)
	}
	w.unless("", `,"lost":`, m.Lost)
	w.raw(`}`)
}

func (w *writer) notices(all []Notice) {
	before := `,"notices":[`
	for _, n := range all {
		w.raw(before).raw(`{"code":`).text(n.Code).raw(`,"want":`).text(n.Want).raw(`,"got":`).text(n.Got)
		w.unless("", `,"why":`, n.Why)
		w.unless("", `,"fix":`, n.Fix)
		w.raw(`}`)
		before = `,`
	}
	if len(all) > 0 {
		w.raw(`]`)
	}
}
