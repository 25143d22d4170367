package catalog

import (
	"strings"
	"testing"
	"time"
)

func TestFreeze(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"a window":      {`[{from: 2026-12-20T00:00:00+01:00, to: "2027-01-02T00:00:00Z", reason: holidays}]`, ""},
		"no zone":       {`[{from: 2026-12-20T00:00:00, to: "2027-01-02T00:00:00Z", reason: holidays}]`, `freeze[0].from: "2026-12-20T00:00:00" is not a time with its zone`},
		"a day":         {`[{from: 2026-12-20T00:00:00Z, to: 2027-01-02, reason: holidays}]`, `freeze[0].to: "2027-01-02" is not a time with its zone`},
		"to before":     {`[{from: 2026-12-20T00:00:00Z, to: 2026-12-20T00:00:00+01:00, reason: holidays}]`, `freeze[0].to: 2026-12-20T00:00:00+01:00 is not after from`},
		"no reason":     {`[{from: 2026-12-20T00:00:00Z, to: 2026-12-21T00:00:00Z, reason: " "}]`, `freeze[0].reason: is empty`},
		"no to":         {`[{from: 2026-12-20T00:00:00Z, reason: holidays}]`, `freeze[0]: to is missing`},
		"unknown field": {`[{from: 2026-12-20T00:00:00Z, to: 2026-12-21T00:00:00Z, reason: x, until: y}]`, `freeze[0].until`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Load(write(t, minimal+"\nfreeze: "+c.yaml+"\n"), nil)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				f := b.Control().Freezes[0]
				from := time.Date(2026, 12, 19, 23, 0, 0, 0, time.UTC)
				if !f.From.Equal(from) || f.To.Year() != 2027 || f.Reason != "holidays" || !strings.HasPrefix(f.Line, File+":") {
					t.Errorf("%+v", f)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
