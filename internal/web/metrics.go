package web

import (
	"fmt"
	"strconv"
	"strings"

	"amiship/internal/view"
)

// textFormat is what Prometheus reads:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
const textFormat = "text/plain; version=0.0.4; charset=utf-8"

// gauges are numbers of projects: the samples of a name stand together.
type gauges struct {
	project string              // of the samples that are set now
	names   []string            // with their help, in the order in which they came
	lines   map[string][]string // by name
}

// set notes a number. Labels are names and values, in turn.
func (g *gauges) set(name, help string, value float64, labels ...string) {
	name = "amiship_" + name
	if g.lines[name] == nil {
		g.names = append(g.names, name)
		g.lines[name] = []string{"# HELP " + name + " " + help, "# TYPE " + name + " gauge"}
	}
	labeled := "project=" + labelValue(g.project)
	for i := 0; i < len(labels); i += 2 {
		labeled += "," + labels[i] + "=" + labelValue(labels[i+1])
	}
	g.lines[name] = append(g.lines[name], fmt.Sprintf("%s{%s} %s", name, labeled, strconv.FormatFloat(value, 'g', -1, 64)))
}

func (g *gauges) text() []byte {
	var b strings.Builder
	for _, name := range g.names {
		b.WriteString(strings.Join(g.lines[name], "\n") + "\n")
	}
	return []byte(b.String())
}

// labelValue quotes as the format does: a backslash, a quote and a new line alone are escaped.
func labelValue(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// metrics are the numbers of the newest views. Before AWS was read there is none but that.
func metrics(pages ...page) []byte {
	g := &gauges{lines: map[string][]string{}}
	for _, p := range pages {
		g.page(p)
	}
	return g.text()
}

func (g *gauges) page(p page) {
	v := p.View
	g.project = p.Name
	up := 1.0
	if p.Trouble != "" || v.Read.At.IsZero() {
		up = 0
	}
	g.set("read_up", "1 if the last read of AWS succeeded.", up)
	if v.Read.At.IsZero() {
		return
	}
	g.set("last_read_age_seconds", "Seconds since AWS was read without an error.", p.Now.Sub(v.Read.At).Seconds())
	g.set("read_calls", "Calls of AWS that the last read took.", float64(v.Read.Calls))
	g.set("unread", "Regions and listings that could not be read.", float64(len(v.Unread)))
	counted := v.Count()
	g.set("open_releases", "Releases that were begun and are not complete.", float64(counted.Open))
	g.set("held_releases", "Open releases that wait for a person.", float64(counted.Held))
	const blockers = "Blockers: of open releases (now), of the next ones alone (next)."
	g.set("blockers", blockers, float64(counted.BlockersNow), "when", "now")
	g.set("blockers", blockers, float64(counted.BlockersNext), "when", "next")
	for _, q := range v.Quotas {
		g.set("public_amis_used", "Public AMIs that count against the quota.", float64(q.Used), "region", q.Region)
		g.set("public_amis_reserved", "Public AMIs that open releases will need.", float64(q.Reserved), "region", q.Region)
		g.set("public_amis_limit", "The quota of public AMIs.", float64(q.Limit), "region", q.Region)
		g.set("public_amis_releases_left", "Releases for which the quota of public AMIs is enough.", float64(q.ReleasesLeft), "region", q.Region)
	}
	for _, l := range v.Listings {
		if l.Unread == "" {
			g.listing(l)
		}
	}
}

func (g *gauges) listing(l view.Listing) {
	pending, oldest := 0, 0.0
	for _, s := range l.ChangeSets {
		if s.Pending {
			pending++
			oldest = max(oldest, s.Seconds)
		}
	}
	g.set("listing_versions_offered", "Versions of a listing that buyers can get.", float64(l.Offered), "listing", l.Name)
	g.set("listing_versions_limit", "Versions that a listing may have.", float64(l.Limit), "listing", l.Name)
	g.set("listing_releases_left", "Releases for which the limit of versions is enough.", float64(l.ReleasesLeft), "listing", l.Name)
	if failed, known := l.FailedAssessments(); known {
		g.set("failed_assessments", "Versions that buyers can get whose newest assessment by AWS Marketplace has failed.", float64(failed), "listing", l.Name)
	}
	g.set("pending_change_sets", "Change sets of a listing that AWS Marketplace has not ended.", float64(pending), "listing", l.Name)
	g.set("pending_change_set_age_seconds", "How long the oldest pending change set of a listing is under way.", oldest, "listing", l.Name)
}
