package plan

// Notice tells of one thing that was asked and is not held in full. It is data so that each command can put it
// where its reader looks: a line on stderr, a log entry, the answer of state.
type Notice struct {
	Code string `json:"code"`          // stable, e.g. URUN-ID-001: for searching and for scripts
	Want string `json:"want"`          // what the config asked
	Got  string `json:"got"`           // what holds now
	Why  string `json:"why,omitempty"` // the cause
	Fix  string `json:"fix,omitempty"` // how to get the rest
}

// String renders the notice as one line.
func (n Notice) String() string {
	s := n.Code + ": " + n.Want + ": " + n.Got
	if n.Why != "" {
		s += " (" + n.Why + ")"
	}
	if n.Fix != "" {
		s += "; " + n.Fix
	}
	return s
}
