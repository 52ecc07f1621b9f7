package test

import (
	"fmt"
	"strings"
	"testing"
)

// starved is a wrap under which urun may have so many open files. From six on Go's own runtime has what it needs.
func starved(files int) []string { return []string{"prlimit", fmt.Sprintf("--nofile=%d", files)} }

// TestFewOpenFilesEndNobody: wherever urun runs out of descriptors, it does what was asked or says why not. In no place it takes a
// container for ended because it could not look.
func TestFewOpenFilesEndNobody(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"))
	for files := 5; files < 12; files++ {
		c.wrap = nil
		c.must("run", "-d", "-b", dir, c.id)
		c.must("create", "-b", dir, c.id+"w")
		c.wrap = starved(files)
		for _, words := range [][]string{
			{"kill", c.id, "0"}, {"exec", c.id, "/inside", "id"}, {"exec", c.id + "w", "/inside", "id"}, {"delete", c.id}, {"start", c.id},
		} {
			if r := c.urun(words...); strings.Contains(r.stderr, "stopped container") || strings.Contains(r.stderr, "not running") {
				t.Errorf("with %d open files\n%s", files, r)
			}
		}
		for id, want := range map[string]string{c.id: "running", c.id + "w": "created"} {
			c.urun("state", id).exits(0).mentions(`"status": "` + want + `"`)
		}
		for _, words := range [][]string{{"delete", "-f", c.id}, {"delete", c.id + "w"}} {
			c.wrap = starved(files)
			r := c.urun(words...)
			c.wrap = nil
			if r.code != 0 { // then it is all there
				c.must("delete", "-f", words[len(words)-1])
			}
		}
		c.nothingLeft()
	}
}
