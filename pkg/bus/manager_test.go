package bus

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const job = ObjectPath("/org/freedesktop/systemd1/job/5")

// TestStart goes through what systemd does with a new scope, and what else it may do.
func TestStart(t *testing.T) {
	for name, test := range map[string]struct {
		direct bool
		script func(*peer)
		want   string
	}{
		"on a bus": {false, func(p *peer) {
			p.hear("AddMatch")
			p.hear("Subscribe")
			p.answer(p.hear("StartTransientUnit"), job)
			p.removed("/org/freedesktop/systemd1/job/4", "failed")
			p.removed(job, "done")
		}, ""},
		"the end before the answer": {true, func(p *peer) {
			m := p.hear("StartTransientUnit")
			p.removed(job, "done")
			p.answer(m, job)
		}, ""},
		"a failed leftover": {true, func(p *peer) {
			p.refuse(p.hear("StartTransientUnit"), "org.freedesktop.systemd1.UnitExists", "Unit a.scope already exists.")
			p.answer(p.hear("ResetFailedUnit"))
			p.answer(p.hear("StartTransientUnit"), job)
			p.removed(job, "done")
		}, ""},
		"an active one": {true, func(p *peer) {
			p.refuse(p.hear("StartTransientUnit"), "org.freedesktop.systemd1.UnitExists", "Unit a.scope already exists.")
			p.refuse(p.hear("ResetFailedUnit"), "org.freedesktop.systemd1.NoSuchUnit", "Unit a.scope not loaded.")
			p.refuse(p.hear("StartTransientUnit"), "org.freedesktop.systemd1.UnitExists", "Unit a.scope already exists.")
		}, "systemd, at the test: StartTransientUnit: Unit a.scope already exists. (org.freedesktop.systemd1.UnitExists); it is still active"},
		"a property it does not know": {true, func(p *peer) {
			p.refuse(p.hear("StartTransientUnit"), "org.freedesktop.DBus.Error.PropertyReadOnly", "Cannot set property NoSuch, or unknown property.")
		}, "StartTransientUnit: Cannot set property NoSuch, or unknown property. (org.freedesktop.DBus.Error.PropertyReadOnly)"},
		"a job that fails": {true, func(p *peer) {
			p.answer(p.hear("StartTransientUnit"), job)
			p.removed(job, "failed")
		}, `StartTransientUnit a.scope: the job ended with "failed"; journalctl --user -u a.scope may say why`},
		"a job without an end": {true, func(p *peer) {
			p.answer(p.hear("StartTransientUnit"), job)
			p.conn.receive(soon())
		}, "StartTransientUnit a.scope: no answer in time: it is there, and hangs or is overloaded"},
		"no job": {true, func(p *peer) { p.answer(p.hear("StartTransientUnit"), "job") }, "it answers without a job"},
		"odd signals": {true, func(p *peer) {
			p.answer(p.hear("StartTransientUnit"), job)
			p.send(&message{kind: signal, path: managerPath, iface: managerFace, member: "JobRemoved", body: []any{job}})
			p.send(&message{kind: signal, path: managerPath, iface: managerFace, member: "JobRemoved", body: []any{true, "x", "y", uint32(1)}})
			p.removed(job, "done")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := Manager{with(t, test.direct, test.script)}
			deadline := soon()
			if strings.Contains(test.want, "no answer") {
				deadline = time.Now().Add(300 * time.Millisecond)
			}
			err := m.Start(deadline, "a.scope", nil)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestProperties: values arrive as they were sent, in the type that systemd expects.
func TestProperties(t *testing.T) {
	sent := []Property{
		{"Description", "a container"}, {"Delegate", true}, {"TasksMax", uint64(20)}, {"PIDs", []uint32{1, 2}},
		{"AllowedCPUs", []byte{3}}, {"After", []string{"a", "b"}}, {"KillSignal", int32(-1)}, {"n", uint32(7)}, {"o", ObjectPath("/a")},
		{"IOReadBandwidthMax", []PathValue{{"/dev/block/8:0", 5}, {"/dev/x", 6}}}, {"Documentation", []string{}},
	}
	got := make(chan *message, 1)
	c := with(t, true, func(p *peer) {
		m := p.hear("SetUnitProperties")
		got <- m
		p.answer(m)
	})
	if err := (Manager{c}).Set(soon(), "a.scope", sent); err != nil {
		t.Fatal(err)
	}
	want := []any{"a.scope", true, []any{
		[]any{"Description", "a container"}, []any{"Delegate", true}, []any{"TasksMax", uint64(20)},
		[]any{"PIDs", []any{uint32(1), uint32(2)}}, []any{"AllowedCPUs", []byte{3}}, []any{"After", []any{"a", "b"}},
		[]any{"KillSignal", int32(-1)}, []any{"n", uint32(7)}, []any{"o", ObjectPath("/a")},
		[]any{"IOReadBandwidthMax", []any{[]any{"/dev/block/8:0", uint64(5)}, []any{"/dev/x", uint64(6)}}},
		[]any{"Documentation", []any{}},
	}}
	if diff := cmp.Diff(want, (<-got).body); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []Property{{"a\x00", true}, {"b", "\xff"}, {"c", 5}, {"d", nil}, {"e", []string{"\x00"}}, {"f", strings.Repeat("x", maxMessage)}} {
		if err := (Manager{c}).Set(soon(), "a.scope", []Property{bad}); err == nil {
			t.Errorf("%q was sent", bad.Name)
		}
	}
}

func TestAsk(t *testing.T) {
	c := with(t, true, func(p *peer) {
		p.answer(p.hear("Get"), "252.39-1~deb12u1")
		p.answer(p.hear("Get"), "new")
		p.answer(p.hear("Get"), uint32(5))
		p.answer(p.hear("Get"))
		p.refuse(p.hear("StopUnit"), "org.freedesktop.systemd1.NoSuchUnit", "Unit a.scope not loaded.")
		p.refuse(p.hear("ResetFailedUnit"), "org.freedesktop.systemd1.NoSuchUnit", "Unit a.scope not loaded.")
	})
	m := Manager{c}
	if v, err := m.Version(soon()); v != 252 || err != nil {
		t.Error(v, err)
	}
	for _, want := range []string{`"new" is no version`, "something else than a string", "something else than a string"} {
		if v, err := m.Version(soon()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want %q", v, err, want)
		}
	}
	if err := m.Stop(soon(), "a.scope"); err != nil {
		t.Errorf("stop of what is not there: %v", err)
	}
	if err := m.ResetFailed(soon(), "a.scope"); err != nil {
		t.Errorf("reset of what is not there: %v", err)
	}
}

func TestUnitPath(t *testing.T) {
	if got := unitPath(`urun-a\x2b1.scope`); got != "/org/freedesktop/systemd1/unit/urun_2da_5cx2b1_2escope" {
		t.Error(got)
	}
	if got := unitPath("1.scope"); got != "/org/freedesktop/systemd1/unit/_31_2escope" {
		t.Error(got)
	}
}

// FuzzDecode: no bytes crash the decoder, or make it build more than they hold.
func FuzzDecode(f *testing.F) {
	for _, m := range []*message{
		busObject("AddMatch", jobRemoved),
		{kind: methodReturn, reply: 1, body: []any{job, []string{"a"}, []Property{{"x", uint64(1)}}}},
		{kind: failure, reply: 1, errorName: "a.b", body: []any{"text"}},
	} {
		m.serial = 1
		raw, err := m.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("l\x02\x00\x01\x08\x00\x00\x00\x01\x00\x00\x00\x0b\x00\x00\x00\x08\x01g\x00\x04aaav\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) >= headerLen {
			if header, body, _, err := size(raw); err == nil && (header < headerLen || body < 0 || header+body > maxMessage+8) {
				t.Errorf("size %d and %d", header, body)
			}
		}
		m, err := decode(raw)
		if (m == nil) == (err == nil) {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
