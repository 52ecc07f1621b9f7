package test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// crowdAnswers are all that urun may answer who does something with a container that others create, start, pause and delete at the
// same time: each is about what the container is or is not.
var crowdAnswers = []string{
	"container does not exist", "container with given ID already exists", "container not running", "container not paused",
	"cannot exec in a stopped container", "cannot exec in a paused container", "cannot exec in a container that is paused before its start",
	"cannot start a container that has stopped", "cannot start an already running container", "cannot start a paused container",
	"cannot delete container", "ended before it was ready: killed by SIGKILL",
}

// TestACrowdAroundTwoContainers: whatever many callers do at once, each gets what they asked for or a reason that is true of the
// container, nobody waits for ever, and in the end nothing is left.
func TestACrowdAroundTwoContainers(t *testing.T) {
	c := newCaller(t)
	dir := c.bundle(inside("forever"))
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for range 40 {
				id := fmt.Sprintf("%s-%d", c.id, r.IntN(2))
				c.crowd(r.IntN(12), dir, id)
			}
		})
	}
	all.Wait()
	for n := range 2 {
		c.must("delete", "-f", fmt.Sprintf("%s-%d", c.id, n))
	}
	c.nothingLeft()
}

// crowd does one of some things and looks at the answer.
func (c *caller) crowd(what int, dir, id string) {
	words := [][]string{
		{"create", "-b", dir, id}, {"create", "-b", dir, id}, {"run", "-d", "-b", dir, id}, {"start", id}, {"start", id}, {"kill", id, "KILL"},
		{"delete", id}, {"delete", "-f", id}, {"exec", id, "/inside", "print", "hello"}, {"state", id}, {"pause", id}, {"resume", id},
	}[what]
	r := c.urun(words...)
	if r.code == 0 {
		if words[0] == "exec" && !strings.Contains(r.stdout, "hello") || words[0] == "state" && !strings.Contains(r.stdout, `"status"`) {
			c.t.Errorf("nothing was done\n%s", r)
		}
		return
	}
	if words[0] == "exec" && r.code == 137 { // somebody has ended the container meanwhile
		return
	}
	for _, answer := range crowdAnswers {
		if strings.Contains(r.stderr, answer) {
			return
		}
	}
	c.t.Errorf("%s", r)
}
