package catalog

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"amiship/internal/release"
)

func (b *Bundle) checkTest() {
	if d, err := time.ParseDuration(b.Catalog.Test.Within); err != nil || d <= 0 {
		b.places.add("test.within", "%q is no duration, as 90s and 10m are", b.Catalog.Test.Within)
	}
	if d, err := time.ParseDuration(b.Catalog.Copy.Within); err != nil || d <= 0 {
		b.places.add("copy.within", "%q is no duration, as 90m and 6h are", b.Catalog.Copy.Within)
	}
	for i, pattern := range b.Catalog.Test.Allow {
		if strings.Trim(pattern, "* ") == "" {
			b.places.add(fmt.Sprintf("test.allow[%d]", i), "%q allows everything: name what the boot test found", pattern)
		}
	}
	b.checkChecks("checks", b.Catalog.Checks)
}

// checkChecks checks the fields of checks: each asks by path, by tcp, or by run.
func (b *Bundle) checkChecks(field string, checks []Check) {
	for i, c := range checks {
		at := fmt.Sprintf("%s[%d]", field, i)
		ways := given(c.Path, c.Run)
		if c.TCP != 0 {
			ways++
		}
		switch {
		case ways != 1:
			b.places.add(at, "names %d of path, tcp and run; name one", ways)
		case c.Run != "":
			b.checkCommand(at, c)
		case c.TCP != 0:
			b.checkTCP(at, c)
		default:
			b.checkHTTP(at, c)
		}
		if c.After != "" && c.After != release.AfterLaunch && c.After != release.AfterRestart {
			b.places.add(at+".after", "%q is neither launch nor restart", c.After)
		}
	}
}

// noRequest checks that a check of another kind has no fields of an HTTP request.
func (d *decoder) noRequest(at, kind string, c Check) {
	if c.Port != 0 || c.Status != 0 {
		d.add(at, "port and status go with path, not with %s", kind)
	}
	if c.HTTPS || c.Insecure || c.Method != "" || c.Body != "" || len(c.Headers)+len(c.Answers) > 0 {
		d.add(at, "https, insecure, method, headers, body and answers go with path, not with %s", kind)
	}
}

func (b *Bundle) checkCommand(at string, c Check) {
	b.places.noRequest(at, "run", c)
	if c.Exit < 0 || c.Exit > 255 {
		b.places.add(at+".exit", "%d is no exit status", c.Exit)
	}
	if c.Differs && c.Contains != "" {
		b.places.add(at, "has both contains and differs; make two checks of it")
	}
	if c.Differs && c.After == release.AfterRestart {
		b.places.add(at, "differs compares two instances, of which only one is restarted: leave after out")
	}
}

func (b *Bundle) checkTCP(at string, c Check) {
	if c.TCP < 1 || c.TCP > 65535 {
		b.places.add(at+".tcp", "%d is no TCP port", c.TCP)
	}
	b.places.noRequest(at, "tcp", c)
	if c.Exit != 0 || c.Differs || c.Contains != "" {
		b.places.add(at, "exit, differs and contains don't go with tcp: it only connects")
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
	if c.Insecure && !c.HTTPS {
		b.places.add(at+".insecure", "accepts any certificate, and without https there is none")
	}
	b.checkRequest(at, c)
}

// checkRequest checks what an HTTP request would refuse.
func (b *Bundle) checkRequest(at string, c Check) {
	if c.Method != "" && !httpToken.MatchString(c.Method) {
		b.places.add(at+".method", "%q is no method of HTTP", c.Method)
	}
	b.places.headers(at+".headers", c.Headers)
	b.places.headers(at+".answers", c.Answers)
}

func (d *decoder) headers(at string, headers map[string]string) {
	for _, name := range sortedKeys(headers) {
		if !httpToken.MatchString(name) {
			d.add(join(at, name), "%q is no name of a header", name)
		}
	}
}

// httpToken is one of HTTP: a method, or the name of a header.
var httpToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
