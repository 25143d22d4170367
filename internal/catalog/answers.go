package catalog

import (
	"fmt"
	"strings"
	"time"
)

func (b *Bundle) checkAccounts(field string, ids []string) {
	for i, id := range ids {
		b.form(fmt.Sprintf("%s[%d]", field, i), id, accountID, "account id of 12 digits")
	}
}

func (b *Bundle) checkTest() {
	if d, err := time.ParseDuration(b.Catalog.Test.Within); err != nil || d <= 0 {
		b.places.add("test.within", "%q is no duration, as 90s and 10m are", b.Catalog.Test.Within)
	}
	b.checkAnswers("checks", b.Catalog.Checks)
}

// checkAnswers checks the fields of checks: each asks by path, or by run.
func (b *Bundle) checkAnswers(field string, checks []Check) {
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

func (b *Bundle) checkRehearsal() {
	r := b.Catalog.Rehearsal
	if (len(r.Standin) == 0) != (r.Serves == "") {
		b.places.add("rehearsal", "standin and serves go together")
	}
	if len(r.Standin) > 0 {
		b.local("rehearsal.standin[0]", r.Standin[0])
	}
	b.knownVar("rehearsal.serves", r.Serves)
	for _, name := range sortedKeys(r.Vars) {
		b.knownVar("rehearsal.vars."+name, name)
	}
	for _, name := range sortedKeys(r.Env) {
		b.form("rehearsal.env."+name, name, envName, "name of an environment variable")
	}
}

func (b *Bundle) knownVar(field, name string) {
	if _, ok := b.Catalog.Vars[name]; name != "" && !ok {
		b.places.add(field, "no %s stands in vars", name)
	}
}
