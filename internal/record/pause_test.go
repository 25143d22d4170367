package record

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPauseValue(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	p := Pause{Reason: "a\nkey  leaked", By: Actor{ARN: "arn:aws:iam::123456789012:user/ann"}, Since: at, Until: at.Add(time.Hour)}
	text, err := p.Value()
	if err != nil {
		t.Fatal(err)
	}
	p.Reason = "a key leaked"
	if got, err := ReadPause(text); err != nil || got != p {
		t.Errorf("read %+v, %v; want %+v", got, err, p)
	}
	for _, bad := range []string{"", "ok", "{}", `{"Reason":"no date"}`} {
		if _, err := ReadPause(bad); err == nil {
			t.Errorf("%q is read as a pause", bad)
		}
	}
	for _, reason := range []string{"", " \n", strings.Repeat("x", maxReason+1)} {
		if _, err := (Pause{Reason: reason, Since: at}).Value(); err == nil {
			t.Errorf("a reason of %d characters is taken", len(reason))
		}
	}
}

func TestPauseInForce(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	open, limited := Pause{Since: at}, Pause{Since: at, Until: at.Add(time.Hour)}
	for name, c := range map[string]struct{ got, want bool }{
		"none":          {Pause{}.InForce(at), false},
		"until resumed": {open.InForce(at.AddDate(1, 0, 0)), true},
		"in its time":   {limited.InForce(at.Add(time.Hour - 1)), true},
		"over":          {limited.InForce(at.Add(time.Hour)), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	arn := "arn:aws:sts::123456789012:assumed-role/" + strings.Repeat("r", 64) + "/" + strings.Repeat("s", 64)
	url := "https://gitlab.example.com/" + strings.Repeat("g", 60) + "/-/jobs/1"
	for name, c := range map[string]struct{ in, want Mark }{
		"all":              {Mark{At: at, By: Actor{ARN: "arn:a", URL: "https://ci/1", User: "ann"}, Note: "freeze@1"}, Mark{At: at, By: Actor{ARN: "arn:a", URL: "https://ci/1", User: "ann"}, Note: "freeze@1"}},
		"nothing known":    {Mark{At: at}, Mark{At: at}},
		"blanks in a user": {Mark{At: at, By: Actor{User: "Ann Other"}}, Mark{At: at, By: Actor{User: "Ann_Other"}}},
		"too long":         {Mark{At: at, By: Actor{ARN: arn, URL: url, User: "ann"}}, Mark{At: at, By: Actor{ARN: arn}}},
		"ARN too long":     {Mark{At: at, By: Actor{ARN: strings.Repeat("ü", 250), User: "ann"}}, Mark{At: at}},
	} {
		t.Run(name, func(t *testing.T) {
			value := c.in.Value()
			if n := len([]rune(value)); n > 256 {
				t.Errorf("%d characters, AWS accepts 256", n)
			}
			got, ok := ReadMark(map[string]string{MarkTag(Tested): value}, Tested)
			if diff := cmp.Diff(c.want, got); !ok || diff != "" {
				t.Errorf("read %v %s", ok, diff)
			}
		})
	}
	for _, bad := range []string{"", "1:", "1:soon - - - -", "2:2026-12-01T10:00:00Z - - - -", "1:2026-12-01T10:00:00Z"} {
		if m, ok := ReadMark(map[string]string{MarkTag(Shared): bad}, Shared); ok {
			t.Errorf("%q is read as %v", bad, m)
		}
	}
}
