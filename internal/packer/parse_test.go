package packer

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want event
		ok   bool
	}{
		"for people":      {`1795379599,,ui,say,==> a%!(PACKER_COMMA) b\nc`, event{"", "ui", []string{"say", "==> a, b\nc"}}, true},
		"of a build":      {"17,amazon-ebs.x,error,no\r", event{"amazon-ebs.x", "error", []string{"no"}}, true},
		"a crash":         {"panic: runtime error, again, again", event{}, false},
		"an empty line":   {"", event{}, false},
		"without a type":  {"1,,", event{}, false},
		"without details": {"1,,end", event{"", "end", nil}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := parse(c.line)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(event{})); ok != c.ok || diff != "" {
				t.Errorf("ok %v %s", ok, diff)
			}
		})
	}
}

// FuzzParse writes events as Packer does and reads them back.
func FuzzParse(f *testing.F) {
	f.Add("amazon-ebs.x", "ui", "a, b\nc")
	f.Fuzz(func(t *testing.T, target, kind, data string) {
		if strings.ContainsAny(target+kind, ",\n\r") || kind == "" || strings.ContainsAny(data, `\%`) {
			return // Packer's own writing is ambiguous there
		}
		escape := strings.NewReplacer(",", "%!(PACKER_COMMA)", "\n", `\n`, "\r", `\r`)
		got, ok := parse("1," + target + "," + kind + "," + escape.Replace(data))
		want := event{target, kind, []string{data}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{})); !ok || diff != "" {
			t.Errorf("ok %v %s", ok, diff)
		}
	})
}

// FuzzOutput feeds anything to the output, in pieces: no secret gets through.
func FuzzOutput(f *testing.F) {
	f.Add("1,,ui,error,a hunter2\\nb\n", 3)
	f.Add("hunt", 1)
	f.Fuzz(func(t *testing.T, text string, at int) {
		var log strings.Builder
		o := newOutput(&log, []string{"hunter2"})
		w := o.stream()
		at = max(0, min(at, len(text)))
		for _, piece := range []string{text[:at], text[at:]} {
			if _, err := w.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		o.flush()
		all := strings.Join(slices.Concat([]string{log.String()}, o.errors, o.recent, o.shown), "\n") // lines that follow each other
		if strings.Contains(all, "hunter2") {
			t.Errorf("the secret is in %q", all)
		}
	})
}
