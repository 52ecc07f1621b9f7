package seccomp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestRefusals: what is wrong is named with its place.
func TestRefusals(t *testing.T) {
	const rule = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG"}, %s]}`
	for _, c := range []struct{ section, want string }{
		{`{}`, `defaultAction: missing`},
		{`{"defaultAction": "SCMP_ACT_NOPE"}`, `defaultAction: unknown action "SCMP_ACT_NOPE"`},
		{`{"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/s"}`,
			`defaultAction: SCMP_ACT_NOTIFY would stop the container before its listener hears of it`},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}`, `defaultErrnoRet: 4096: at most 4095`},
		{`{"defaultAction": "SCMP_ACT_TRACE", "defaultErrnoRet": 65536}`, `defaultErrnoRet: 65536: at most 65535`},
		{`{"defaultAction": "SCMP_ACT_KILL", "defaultErrnoRet": 1}`, `defaultErrnoRet: SCMP_ACT_KILL has no errno`},
		{`{"defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86", "x86"]}`, `architectures[1]: unknown architecture "x86"`},
		{`{"defaultAction": "SCMP_ACT_KILL", "flags": ["SECCOMP_FILTER_FLAG_LOG", "LOG"]}`, `flags[1]: unknown flag "LOG"`},
		{`{"defaultAction": "SCMP_ACT_KILL", "listenerMetadata": "x"}`, `listenerMetadata: there is no listenerPath`},
		{fmt.Sprintf(rule, `{}`), `syscalls[1].action: missing`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG"}`), `syscalls[1].names: missing`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": []}`), `syscalls[1].names: missing`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": ["read", ""]}`), `syscalls[1].names[1]: empty`},
		{fmt.Sprintf(rule, `{"action": "allow", "names": ["read"]}`), `syscalls[1].action: unknown action "allow"`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": ["read"], "errnoRet": 1}`), `syscalls[1].errnoRet: SCMP_ACT_LOG has no errno`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_ERRNO", "names": ["read"], "errnoRet": 5000}`), `syscalls[1].errnoRet: 5000: at most 4095`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": ["read"], "args": [{"index": 7, "op": "SCMP_CMP_EQ"}]}`),
			`syscalls[1].args[0].index: 7: a system call has arguments 0 to 5`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": ["read"], "args": [{"index": 0, "op": "SCMP_CMP_EQ"}, {"index": 1}]}`),
			`syscalls[1].args[1].op: missing`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_LOG", "names": ["read"], "args": [{"index": 0, "op": "=="}]}`),
			`syscalls[1].args[0].op: unknown operator "=="`},
		{fmt.Sprintf(rule, `{"action": "SCMP_ACT_NOTIFY", "names": ["mount"]}`), `syscalls[1].action: SCMP_ACT_NOTIFY, and there is no listenerPath`},
		{`{"defaultAction": "SCMP_ACT_LOG", "listenerPath": "/s", "syscalls": [{"names": ["mount", "write"], "action": "SCMP_ACT_NOTIFY"}]}`,
			`syscalls[0].names[1]: SCMP_ACT_NOTIFY for write would stop the container before its listener hears of it`},
	} {
		var s specs.LinuxSeccomp
		if err := json.Unmarshal([]byte(c.section), &s); err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(&s, specs.ArchX86_64); err == nil || err.Error() != "linux.seccomp."+c.want {
			t.Errorf("%s: %v\n want linux.seccomp.%s", c.section, err, c.want)
		}
	}
}

func TestRefusesWhatItCannotDo(t *testing.T) {
	if _, err := Compile(nil, specs.ArchX86_64); err == nil || err.Error() != "linux.seccomp: missing" {
		t.Error(err)
	}
	for _, native := range []specs.Arch{"", "SCMP_ARCH_S390", "vax"} {
		want := fmt.Sprintf("linux.seccomp.architectures: no list of system calls for this machine (%q)", native)
		if _, err := Compile(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, native); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestRefusesTooMuch: a section of any size is compiled or refused without taking its size in instructions.
func TestRefusesTooMuch(t *testing.T) {
	s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	for i := range uint64(100_000) {
		s.Syscalls = append(s.Syscalls, rule1("read", specs.ActErrno, arg(1, specs.OpEqualTo, i)))
	}
	if _, err := Compile(s, specs.ArchX86_64); err == nil || !strings.HasSuffix(err.Error(), tooLong) {
		t.Error(err)
	}
	// Past the end of a long word there is no more of it.
	s.DefaultAction = specs.LinuxSeccompAction(strings.Repeat("X", 1<<20))
	if _, err := Compile(s, specs.ArchX86_64); err == nil || len(err.Error()) > 200 {
		t.Errorf("%.300v", err)
	}
}
