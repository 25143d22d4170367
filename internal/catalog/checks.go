package catalog

import (
	"fmt"
	"strings"
	"time"
)

func (b *Bundle) checkTest() {
	if d, err := time.ParseDuration(b.Catalog.Test.Within); err != nil || d <= 0 {
		b.places.add("test.within", "%q is no duration, as 90s and 10m are", b.Catalog.Test.Within)
	}
	b.checkChecks("checks", b.Catalog.Checks)
}

// checkChecks checks the fields of checks: each asks by path, or by run.
func (b *Bundle) checkChecks(field string, checks []Check) {
	for i, c := range checks {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case given(c.Path, c.Run) != 1:
			b.places.add(at, "names %d of path and run; name one", given(c.Path, c.Run))
		case c.Run != "":
			b.checkCommand(at, c)
		default:
			b.checkHTTP(at, c)
		}
	}
}

func (b *Bundle) checkCommand(at string, c Check) {
	if c.Port != 0 || c.Status != 0 {
		b.places.add(at, "port and status go with path, not with run")
	}
	if c.Exit < 0 || c.Exit > 255 {
		b.places.add(at+".exit", "%d is no exit status", c.Exit)
	}
	if c.Differs && c.Contains != "" {
		b.places.add(at, "has both contains and differs; make two checks of it")
	}
}

func (b *Bundle) checkHTTP(at string, c Check) {
	if c.Port < 1 || c.Port > 65535 {
		b.places.add(at+".port", "%d is no TCP port", c.Port)
	}
	if !strings.HasPrefix(c.Path, "/") {
		b.places.add(at+".path", "%q does not begin with /", c.Path)
	}
	if c.Status < 200 || c.Status > 599 {
		b.places.add(at+".status", "%d is no status of an HTTP answer", c.Status)
	}
	if c.Exit != 0 || c.Differs {
		b.places.add(at, "exit and differs go with run, not with path")
	}
}
