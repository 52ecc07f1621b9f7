package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// A level says how much a line matters. The names are those that runc's log has, because clients look for them.
type level int

const (
	failure level = iota
	warning
	detail
)

func (l level) String() string { return [...]string{"error", "warning", "debug"}[l] }

// A logger writes lines to the file that --log names.
type logger struct {
	w    io.WriteCloser
	json bool
	now  func() time.Time
}

// openLog opens the file of --log, if there is one, for appending. The file is made even if nothing is ever
// written to it: containerd and buildkit open it afterwards.
func (app *App) openLog() error {
	if app.Log == "" || app.log != nil {
		return nil
	}
	// #nosec: the client reads it, maybe as another user
	f, err := os.OpenFile(app.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("--log: %w", err)
	}
	app.log = &logger{w: f, json: app.LogFormat == "json", now: time.Now}
	return nil
}

// Close closes the file.
func (l *logger) Close() error {
	if l == nil {
		return nil
	}
	return l.w.Close()
}

// write adds one line, in one write(2), so that lines of concurrent commands do not mix.
func (l *logger) write(lv level, msg string) {
	at := l.now().UTC().Format(time.RFC3339)
	line := fmt.Appendf(nil, "time=%q level=%s msg=%q", at, lv, msg)
	if l.json {
		line, _ = json.Marshal(struct { // strings always marshal
			Level string `json:"level"`
			Msg   string `json:"msg"`
			Time  string `json:"time"`
		}{lv.String(), msg, at})
	}
	// A full disk must not stop a container, and there is nowhere left to tell of it.
	_, _ = l.w.Write(append(line, '\n'))
}

// threshold is the least important level that is still told.
func (g *Globals) threshold() level {
	switch {
	case g.Debug || g.LogLevel == "debug":
		return detail
	case g.LogLevel == "error":
		return failure
	}
	return warning
}
