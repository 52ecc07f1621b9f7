package state

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/urun/urun/pkg/idmap"
)

// parse understands a record. What encode has written it reads by hand, for the reason that encode has; everything else, of
// another version for one, is for package json.
func parse(raw []byte) (r Record, err error) {
	s := reader{rest: string(raw)}
	s.record(&r)
	if s.odd || s.rest != "" {
		r = Record{}
		err = json.Unmarshal(raw, &r)
	}
	return r, err
}

// reader reads JSON in the order and with the spelling that writer gives it. Once it has met something odd it reads no more.
type reader struct {
	rest string
	odd  bool
}

func (s *reader) record(r *Record) {
	s.must(`{"version":`)
	r.Version = int(s.number(31))
	r.ID, r.Bundle, r.Rootfs = s.keyed(`,"id":`), s.keyed(`,"bundle":`), s.keyed(`,"rootfs":`)
	r.OCIVersion = s.keyed(`,"ociVersion":`)
	for before := `,"annotations":{`; s.has(before); before = `,` {
		if r.Annotations == nil {
			r.Annotations = map[string]string{}
		}
		key := s.text()
		r.Annotations[key] = s.keyed(`:`)
	}
	s.closed(len(r.Annotations), `}`)
	s.must(`,"owner":`)
	r.Owner = uint32(s.number(32))
	created, err := time.Parse(time.RFC3339Nano, s.keyed(`,"created":`))
	r.Created, s.odd = created, s.odd || err != nil
	s.must(`,"pid":`)
	r.Pid = int(s.number(31))
	s.must(`,"startTime":`)
	r.StartTime = s.number(64)
	r.BootID = s.maybe(`,"bootID":`)
	s.must(`,"namespaces":`)
	r.Namespaces = s.number(64)
	r.UIDMap, r.GIDMap = s.ids(`,"uidMap":[`), s.ids(`,"gidMap":[`)
	r.Creating = s.has(`,"creating":true`)
	r.Paused = s.maybe(`,"paused":`)
	if s.has(`,"cgroup":`) {
		r.Cgroup = s.cgroup()
	}
	if s.has(`,"monitor":{`) {
		r.Monitor = s.monitor()
	}
	r.Network = s.maybe(`,"network":`)
	r.Ports = s.maybe(`,"ports":`)
	r.Resources = s.maybe(`,"resources":`)
	r.Notices = s.notices()
	s.must(`}`)
}

// has passes over the text if it comes next.
func (s *reader) has(text string) bool {
	rest, ok := strings.CutPrefix(s.rest, text)
	if !ok || s.odd {
		return false
	}
	s.rest = rest
	return true
}

func (s *reader) must(text string) {
	if !s.has(text) {
		s.odd = true
	}
}

// closed passes over the end of a list that is there if it has any elements.
func (s *reader) closed(elements int, end string) {
	if elements > 0 {
		s.must(end)
	}
}

// number reads a number of so many bits.
func (s *reader) number(bits int) uint64 {
	digits := 0
	for digits < len(s.rest) && s.rest[digits] >= '0' && s.rest[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseUint(s.rest[:digits], 10, bits)
	if s.odd = s.odd || err != nil; s.odd {
		return 0
	}
	s.rest = s.rest[digits:]
	return n
}

// text reads a string without escapes, of plain characters.
func (s *reader) text() string {
	s.must(`"`)
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		case c < ' ' || c > '~' || c == '\\':
			s.odd = true
			return ""
		}
	}
	s.odd = true
	return ""
}

func (s *reader) keyed(key string) string {
	s.must(key)
	return s.text()
}

func (s *reader) maybe(key string) string {
	if !s.has(key) {
		return ""
	}
	return s.text()
}

func (s *reader) ids(before string) (m idmap.Map) {
	for ; s.has(before); before = `,` {
		var line specs.LinuxIDMapping
		s.must(`{"containerID":`)
		line.ContainerID = uint32(s.number(32))
		s.must(`,"hostID":`)
		line.HostID = uint32(s.number(32))
		s.must(`,"size":`)
		line.Size = uint32(s.number(32))
		s.must(`}`)
		m = append(m, line)
	}
	s.closed(len(m), `]`)
	return m
}

func (s *reader) cgroup() *Cgroup {
	c := &Cgroup{Manager: s.keyed(`{"manager":`), Unit: s.maybe(`,"unit":`), Path: s.keyed(`,"path":`), Leaf: s.maybe(`,"leaf":`)}
	for before := `,"limits":[`; s.has(before); before = `,` {
		c.Limits = append(c.Limits, Limit{Want: s.keyed(`{"want":`), File: s.keyed(`,"file":`), Asked: s.maybe(`,"asked":`), Got: s.keyed(`,"got":`)})
		s.must(`}`)
	}
	s.closed(len(c.Limits), `]`)
	s.must(`}`)
	return c
}

func (s *reader) monitor() *Monitor {
	m := &Monitor{By: s.keyed(`"by":`)}
	s.must(`,"pid":`)
	m.Pid = int(s.number(31))
	s.must(`,"startTime":`)
	m.StartTime = s.number(64)
	for before := `,"duties":[`; s.has(before); before = `,` {
		m.Duties = append(m.Duties, s.text())
	}
	s.closed(len(m.Duties), `]`)
	m.Lost = s.maybe(`,"lost":`)
	s.must(`}`)
	return m
}

func (s *reader) notices() (all []Notice) {
	for before := `,"notices":[`; s.has(before); before = `,` {
		n := Notice{Code: s.keyed(`{"code":`), Want: s.keyed(`,"want":`), Got: s.keyed(`,"got":`), Why: s.maybe(`,"why":`), Fix: s.maybe(`,"fix":`)}
		s.must(`}`)
		all = append(all, n)
	}
	s.closed(len(all), `]`)
	return all
}
