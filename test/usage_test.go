package test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// An event is a line of events, as a client of runc reads it.
type event struct {
	Type, ID string
	Data     *struct {
		CPU struct {
			Usage struct{ Total, Kernel, User uint64 }
		}
		Memory struct {
			Usage struct{ Limit, Usage uint64 }
			Raw   map[string]uint64
		}
		Pids struct{ Current, Limit uint64 }
	}
}

func eventOf(t *testing.T, line string) (e event) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return e
}

// keys lists the keys of a JSON object, those of objects in it with their path; raw has no fixed ones.
func keys(prefix string, value any) (list []string) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, key := range names {
		list = append(list, prefix+key)
		if key != "raw" {
			list = append(list, keys(prefix+key+".", object[key])...)
		}
	}
	return list
}

// TestEventsStats: one line in runc's format, from the processes themselves.
func TestEventsStats(t *testing.T) {
	c := newCaller(t)
	c.detached(inside("hold 64 -- spawn 2 -- forever"))
	var e event
	eventually(t, "the memory is in use", func() bool {
		r := c.must("events", "--stats", c.id).silent()
		if strings.Count(r.stdout, "\n") != 1 {
			t.Fatalf("want one line\n%s", r)
		}
		e = eventOf(t, r.stdout)
		return e.Data.Memory.Raw["anon"] >= 64<<20 && e.Data.Pids.Current >= 3
	})
	if e.Type != "stats" || e.ID != c.id || e.Data.Memory.Usage.Limit != 1<<64-1 || e.Data.Memory.Usage.Usage < 64<<20 {
		t.Errorf("%+v", e)
	}
	var all map[string]any
	if err := json.Unmarshal([]byte(c.must("events", "--stats", c.id).stdout), &all); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(keys("", all), " ")
	for _, want := range []string{
		"data data.blkio", "data.cpu data.cpu.throttling data.cpu.usage", "data.cpu.usage.kernel", "data.cpu.usage.user", "data.cpuset.cpu_exclusive",
		"data.hugetlb data.intel_rdt data.memory", "data.memory.event_count.oom_kill", "data.memory.kernel.failcnt data.memory.kernel.limit",
		"data.memory.kernelTCP", "data.memory.raw", "data.memory.swap.limit", "data.memory.usage.limit data.memory.usage.usage",
		"data.network_interfaces data.pids data.pids.current id type",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q among %s", want, got)
		}
	}
}

// TestEventsEndWithTheContainer: a line each interval, and then no more.
func TestEventsEndWithTheContainer(t *testing.T) {
	c := newCaller(t)
	c.detached(inside("burn"))
	l := c.launch(nil, "events", "--interval", "20ms", c.id)
	eventually(t, "three lines", func() bool { return strings.Count(l.out.String(), "\n") >= 3 })
	c.must("kill", c.id, "KILL")
	lines := strings.Split(strings.TrimSpace(l.wait().exits(0).silent().stdout), "\n")
	first, last := eventOf(t, lines[0]), eventOf(t, lines[len(lines)-1])
	if first.Type != "stats" || last.Data.CPU.Usage.Total < first.Data.CPU.Usage.Total {
		t.Errorf("%v … %v", first, last)
	}
	c.becomes(c.id, specs.StateStopped)
	c.urun("events", c.id).refuses(1, "is not running")
	c.must("delete", c.id)
}

func TestEventsIntervals(t *testing.T) {
	c := newCaller(t)
	for _, bad := range []string{"0", "-1s", "5 s", "soon", ""} {
		c.urun("events", "--interval="+bad, c.id).refuses(1, "--interval")
	}
	c.urun("events", "--interval", "5", c.id).refuses(1, "does not exist") // youki's way to say it
}

// rows is the answer of stats as JSON, by id.
func rows(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	all := map[string]map[string]any{}
	for _, row := range list {
		all[fmt.Sprint(row["id"])] = row
	}
	return all
}

// TestStats: who burns a CPU is seen to, and who holds memory as well.
func TestStats(t *testing.T) {
	c := newCaller(t)
	busy := c.detached(inside("burn"))
	t.Cleanup(func() { c.urun("delete", "--force", busy) })
	c.id += "-b"
	idle := c.detached(inside("hold 64 -- forever"))
	eventually(t, "what they do is seen", func() bool {
		all := rows(t, c.must("stats", "--no-stream", "--interval", "200ms", "-f", "json").silent().stdout)
		if len(all) != 2 {
			t.Fatalf("%v", all)
		}
		b, i := all[busy], all[idle]
		return b["cpuPercent"].(float64) > 2*i["cpuPercent"].(float64) && b["cpuPercent"].(float64) > 5 && i["memory"].(float64) >= 64<<20 && i["pids"].(float64) > 0
	})
	r := c.must("stats", "--no-stream", "--interval=10ms", busy).silent()
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "ID ") || !strings.Contains(lines[0], "MEM USAGE / LIMIT") || !strings.HasPrefix(lines[1], busy) ||
		!strings.Contains(lines[1], "iB / none") {
		t.Errorf("not the table\n%s", r)
	}
	c.urun("stats", "--no-stream", busy, "nobody").refuses(1, "nobody", "does not exist")
}

// TestStatsFollow: stats goes on until the last named container has ended; without names it would go on without end.
func TestStatsFollow(t *testing.T) {
	c := newCaller(t)
	if got := strings.TrimSpace(c.must("stats", "--no-stream", "--interval", "1ms", "-f", "json").stdout); got != "[]" {
		t.Errorf("without containers: %s", got)
	}
	c.detached(inside("forever"))
	l := c.launch(nil, "stats", "--interval", "20ms", "-f", "json", c.id)
	eventually(t, "two lines", func() bool { return strings.Count(l.out.String(), "\n") >= 2 })
	c.must("delete", "--force", c.id)
	select {
	case <-l.done:
	case <-time.After(patience):
		t.Error("stats does not end")
	}
	l.wait().exits(0).silent()
	c.urun("stats", c.id).refuses(1, "does not exist")
}

// TestStatsOnATerminal: each table is drawn over the one before.
func TestStatsOnATerminal(t *testing.T) {
	c, tm := newCaller(t), newTerminal(t, 24, 80)
	c.detached(inside("forever"))
	l := tm.launch(c, "stats", "--interval", "20ms", c.id)
	eventually(t, "two tables", func() bool { return strings.Count(tm.screen.String(), "\x1b[HID ") >= 2 })
	c.must("delete", "--force", c.id)
	l.wait().exits(0)
}
