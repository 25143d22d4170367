package catalog

import (
	"fmt"
	"strings"
	"time"

	"amiship/internal/release"
)

// Freeze is a window of time in which no run changes anything.
type Freeze struct {
	From   string `yaml:"from" required:"true" help:"When it begins, with its zone: 2026-12-20T00:00:00+01:00, or 2026-12-19T23:00:00Z."`
	To     string `yaml:"to" required:"true" help:"When it is over."`
	Reason string `yaml:"reason" required:"true" help:"Why: runs in the window report it."`
}

func (b *Bundle) checkFreeze() {
	for i, f := range b.Catalog.Freeze {
		field := fmt.Sprintf("freeze[%d]", i)
		from, ok := b.moment(field+".from", f.From)
		to, ok2 := b.moment(field+".to", f.To)
		if ok && ok2 && !to.After(from) {
			b.places.add(field+".to", "%s is not after from, %s", f.To, f.From)
		}
		if strings.TrimSpace(f.Reason) == "" {
			b.places.add(field+".reason", "is empty")
		}
	}
}

func (b *Bundle) moment(field, text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		b.places.add(field, "%q is not a time with its zone, such as 2026-12-20T00:00:00+01:00", text)
	}
	return at, err == nil
}

// Control says what can hold the changes of every run of the project.
func (b *Bundle) Control() release.ChangeControl {
	c := release.ChangeControl{Region: b.Catalog.Build.Region}
	for i, f := range b.Catalog.Freeze {
		from, _ := time.Parse(time.RFC3339, f.From) // checked
		to, _ := time.Parse(time.RFC3339, f.To)
		c.Freezes = append(c.Freezes, release.Freeze{From: from, To: to, Reason: f.Reason, Line: b.at(item("freeze", i))})
	}
	return c
}
