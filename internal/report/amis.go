package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/terminal"
)

// Catalog is catalog.json: which AMI is which, for programs.
type Catalog struct {
	Project string                                  `json:"project"`
	Tag     string                                  `json:"tag"`
	Version string                                  `json:"version"`
	AMIs    map[string]map[string]map[string]string `json:"amis"` // image, architecture, region
	Missing []string                                `json:"missing,omitempty"`
}

// Part is what a release is by one catalog: a bundle can have one for each partition of AWS.
type Part struct {
	Desired release.Desired
	Plan    plan.Plan
	Look    Look
}

// NewCatalog lists the AMIs of the parts of a release that exist and are as requested.
func NewCatalog(parts ...Part) Catalog {
	d := parts[0].Desired
	c := Catalog{Project: d.Project, Tag: d.Tag, Version: d.Version.Text, AMIs: map[string]map[string]map[string]string{}}
	for _, part := range parts {
		c.add(part.Plan)
	}
	return c
}

func (c *Catalog) add(p plan.Plan) {
	for _, s := range p.Steps {
		if s.Kind() != plan.Copy || s.Target.Account != "" {
			continue
		}
		if s.State != plan.Done {
			c.Missing = append(c.Missing, s.Target.String())
			continue
		}
		byArch := c.AMIs[s.Target.Image]
		if byArch == nil {
			byArch = map[string]map[string]string{}
			c.AMIs[s.Target.Image] = byArch
		}
		if byArch[s.Target.Arch] == nil {
			byArch[s.Target.Arch] = map[string]string{}
		}
		byArch[s.Target.Arch][s.Target.Region] = s.Image().AMI
	}
}

// Listings writes a table with a row for each listing of the release.
func Listings(w io.Writer, p plan.Plan) {
	t := terminal.NewTable(w, "AMI", "CHANGE SET")
	first := true
	for _, s := range p.Steps {
		if s.Kind() != plan.ChangeSet {
			continue
		}
		if first {
			fmt.Fprintln(t, "  LISTING\tVERSION\tAMI\tCHANGE SET\tSTATE")
			first = false
		}
		state := "public"
		if s.State != plan.Done || s.Why != "" {
			state = strings.TrimSpace(string(s.State) + " " + firstLine(s.Why))
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", s.Target.Listing, plan.As[plan.SubmitChangeSet](s.Action).Title, orDash(s.Image().AMI), orDash(s.Set), state)
	}
	t.Flush()
}

// AMIs writes a table with a row for each AMI of the release; before there are any, for each
// candidate.
func AMIs(w io.Writer, parts ...Part) {
	t := terminal.NewTable(w, "NAME")
	fmt.Fprintln(t, "  IMAGE\tREGION\tAMI\tNAME\tSTATE")
	for _, part := range parts {
		amis(t, part.Desired, part.Plan)
	}
	t.Flush()
}

func amis(t io.Writer, d release.Desired, p plan.Plan) {
	for _, s := range p.Steps {
		if s.Kind() != plan.Copy || s.Target.Account != "" {
			continue
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", s.Target.Variant(), s.Target.Region, orDash(s.Image().AMI), s.Image().Name, stateOf(d, p, s))
	}
	if p.Stage == plan.UntilBuilt || p.Stage == plan.UntilTested {
		for _, s := range p.Steps {
			if s.Kind() == plan.Build {
				fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", s.Target.Variant(), s.Target.Region, orDash(s.Image().AMI), orDash(s.Image().Name), candidateState(p, s))
			}
		}
	}
}

// candidateState says whether a candidate is built, and whether it has passed its test.
func candidateState(p plan.Plan, build plan.Step) string {
	state := "candidate"
	if build.State != plan.Done {
		state = string(build.State)
	}
	for _, s := range p.Steps {
		if s.Kind() == plan.Test && s.Target == build.Target && s.State == plan.Done {
			state += ", tested"
		}
	}
	return state
}

// stateOf puts together what the steps say of one AMI: public, shared, …
func stateOf(d release.Desired, p plan.Plan, copied plan.Step) string {
	if copied.State != plan.Done {
		return strings.TrimSpace(string(copied.State) + " " + firstLine(copied.Why))
	}
	var parts []string
	public, shared := "public", true // steps are in the order of a release: snapshots come before their AMI
	for _, s := range p.Steps {
		if s.Target != copied.Target {
			continue
		}
		switch s.Kind() {
		case plan.PublishSnapshot:
			public = map[bool]string{true: "public with its snapshot", false: "public, but not its snapshot yet"}[s.State == plan.Done]
		case plan.Publish:
			parts = append(parts, map[bool]string{true: public, false: "not public yet"}[s.State == plan.Done])
		case plan.Share:
			if s.State != plan.Done {
				parts, shared = append(parts, "share "+string(s.State)), false
			}
		}
	}
	if i := slices.IndexFunc(d.Variants, func(v release.Variant) bool { return v.Key(copied.Target.Region) == copied.Target }); i >= 0 {
		if n := len(d.Variants[i].SharedIn(copied.Target.Region)); n > 0 && shared {
			parts = append(parts, "shared with "+count(n, "account"))
		}
		if n := len(d.Variants[i].Organizations); n > 0 && shared {
			parts = append(parts, "shared with "+count(n, "organization"))
		}
		if !d.Variants[i].Public {
			parts = append(parts, "private")
		}
	}
	return strings.Join(parts, ", ")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
