package container

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/state"
)

// TestAskOddMonitors: who does not answer, or not in words that make sense, is told of, and does not hang urun.
func TestAskOddMonitors(t *testing.T) {
	for name, test := range map[string]struct {
		want   string
		answer func(net.Conn)
	}{ // short names: they are in the path of the socket
		"silent":  {"urun-monitor does not answer within 50ms: it has been stopped", nil},
		"ends":    {"urun-monitor does not answer: unexpected end", func(c net.Conn) { _ = c.Close() }},
		"babbles": {"urun-monitor does not answer: invalid character", func(c net.Conn) { _, _ = c.Write([]byte("what?")); _ = c.Close() }},
		"refuses": {"it is published", func(c net.Conn) { _, _ = c.Write([]byte(`{"error":"it is published already"}`)); _ = c.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir, err := state.Store{Root: root}.Create("a")
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Close()
			l, err := net.Listen("unix", filepath.Join(root, "a", companion.PortSocket))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if test.answer != nil {
				go func() {
					c, err := l.Accept()
					if err == nil {
						_, _ = c.Read(make([]byte, 4096)) // or the close would be a reset
						test.answer(c)
					}
				}()
			}
			patience := time.Minute
			if test.answer == nil {
				patience = 50 * time.Millisecond
			}
			ports, err := ask(dir, companion.PortRequest{}, patience)
			if err == nil || ports != nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, %v", ports, err)
			}
		})
	}
}
