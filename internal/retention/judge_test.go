package retention_test

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

const (
	region = "eu-west-1"
	day    = 24 * time.Hour
)

// TestReferenced: what of the account refers to an AMI keeps it, if the policy asks for that;
// so does what may not be read. A parameter of the project's own releases does not.
func TestReferenced(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const template, parameter = "arn:aws:ec2:eu-west-1:1:launch-template/lt-1", "arn:aws:ssm:eu-west-1:1:parameter/1.0.0"
	refers := func(arns ...string) world.Fact[world.References] {
		return world.Fact[world.References]{At: now, Val: world.References{ByAMI: map[string][]string{"ami-1.0.0": arns}}}
	}
	for name, c := range map[string]struct {
		references world.Fact[world.References]
		off, ended bool
		why        string // empty: it is not kept
	}{
		"a template":              {references: refers(template), why: "in use by " + template},
		"two":                     {references: refers(template, template+"2"), why: "in use by " + template + " and 1 more"},
		"its own parameter":       {references: refers(parameter)},
		"its own, and a template": {references: refers(parameter, template), why: "in use by " + template},
		"nothing":                 {references: refers()},
		"not asked for":           {references: refers(template), off: true},
		"its region is ended":     {references: refers(template), ended: true},
		"not read":                {references: world.Fact[world.References]{At: now, Err: "silence"}, why: "could not be read"},
		"not asked about":         {references: world.Fact[world.References]{At: now, Val: world.References{ByAMI: map[string][]string{"ami-9": nil}}}, why: "could not be read"},
		"may not be read":         {references: world.Fact[world.References]{At: now, Val: world.References{Denied: "you may not"}}, why: "could not be read: you may not"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := retention.Rules{
				Policy:     release.Retention{Private: &release.Keep{Patches: 1, Minors: 1}, Referenced: !c.off},
				Parameters: []release.Parameter{{Name: "/1.0.0"}}, Ended: c.ended,
			}
			w := world.New()
			w.Now = now
			w.Regions["eu-west-1"] = world.Region{References: c.references, Params: world.Fact[map[string]string]{At: now}}
			d := rules.Judge("eu-west-1", twoReleases(now), w, nil)[0]
			if d.Kept != (c.why != "") || c.why != "" && !strings.Contains(d.Why, c.why) {
				t.Errorf("kept %v: %s; want %q", d.Kept, d.Why, c.why)
			}
		})
	}
}

// twoReleases are 1.0.0, which a policy of one patch and one minor does not keep, and 1.1.0.
func twoReleases(now time.Time) (images []world.Image) {
	for _, version := range []string{"1.0.0", "1.1.0"} {
		d := release.Desired{Project: "p", Tag: "v" + version, Version: release.Version{Text: version}}
		images = append(images, world.Image{
			ID: "ami-" + version, State: world.Available, Created: now.Add(-400 * day),
			Tags: d.OwnTags(release.Variant{Image: "ce", Arch: "amd64"}, record.StageRelease),
		})
	}
	return images
}

// TestUsedByOthers: an AMI that other accounts use is kept, if the policy asks for that; so is one
// without a fresh report.
func TestUsedByOthers(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	reports := func(all ...world.UsageReport) world.Fact[world.Usage] {
		for i := range all {
			all[i].AMI = "ami-1.0.0"
		}
		return world.Fact[world.Usage]{At: now, Val: world.Usage{Reports: all}}
	}
	used := world.UsageReport{ID: "used", State: world.Available, Created: now.Add(-day), Accounts: 2, Instances: 9, Templates: 1}
	unused := world.UsageReport{ID: "unused", State: world.Available, Created: now.Add(-day)}
	aged := func(r world.UsageReport, age time.Duration) world.UsageReport {
		r.Created = now.Add(-age)
		return r
	}
	const none, by = "no usage report of the last 7 days says that no other account uses it; amiship retire --usage makes one", "in use by 2 other accounts: 9 instances, 1 launch template"
	for name, c := range map[string]struct {
		usage      world.Fact[world.Usage]
		off, ended bool
		why        string // empty: it is not kept
		report     string // that is shown
		unreported bool
	}{
		"others use it":         {usage: reports(used), why: by, report: "used"},
		"no one does":           {usage: reports(unused), report: "unused"},
		"no one did last week":  {usage: reports(aged(unused, 7*day)), why: none, unreported: true},
		"the newest counts":     {usage: reports(aged(unused, 2*day), used), why: by, report: "used"},
		"no one does any more":  {usage: reports(aged(used, 2*day), unused), report: "unused"},
		"none":                  {usage: reports(), why: none, unreported: true},
		"a pending one":         {usage: reports(world.UsageReport{State: world.Pending, Created: now}), why: none, unreported: true},
		"one that failed":       {usage: reports(world.UsageReport{State: world.Erroneous, Reason: "out of luck"}), why: "AWS could not report which other accounts use it: out of luck", unreported: true},
		"not read":              {usage: world.Fact[world.Usage]{At: now, Err: "silence"}, why: "could not be read: silence", unreported: true},
		"never read":            {why: "could not be read", unreported: true},
		"may not be read":       {usage: world.Fact[world.Usage]{At: now, Val: world.Usage{Denied: "you may not"}}, why: "could not be read: you may not", unreported: true},
		"not asked for":         {usage: reports(used), off: true, report: "used"},
		"its region is ended":   {usage: reports(used), ended: true, report: "used"},
		"of another AMI, as if": {usage: world.Fact[world.Usage]{At: now, Val: world.Usage{Reports: []world.UsageReport{unused}}}, why: none, unreported: true},
	} {
		t.Run(name, func(t *testing.T) {
			rules := retention.Rules{Policy: release.Retention{Private: &release.Keep{Patches: 1, Minors: 1}, UsedByOthers: !c.off}, Ended: c.ended}
			w := world.New()
			w.Now = now
			w.Regions["eu-west-1"] = world.Region{Usage: c.usage}
			d := rules.Judge("eu-west-1", twoReleases(now), w, nil)[0]
			if d.Kept != (c.why != "") || c.why != "" && !strings.Contains(d.Why, c.why) || d.Use.Unreported != c.unreported {
				t.Errorf("kept %v: %s; unreported %v; want %q", d.Kept, d.Why, d.Use.Unreported, c.why)
			}
			if shown := d.Use.Report; (shown == nil) != (c.report == "") || shown != nil && shown.ID != c.report {
				t.Errorf("it shows the report %+v, want %s", shown, c.report)
			}
			if d.Kept && (d.Next != "" || !d.Due.IsZero()) {
				t.Errorf("kept, and %s is due %s", d.Next, d.Due)
			}
		})
	}
}

// TestJudge decides on 1.0.0, beside 1.1.0 and 1.1.1, by a policy that keeps one patch of one
// minor: it is expired unless something protects it.
func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	known := func(params map[string]string) world.Fact[map[string]string] {
		return world.Fact[map[string]string]{At: now, Val: params}
	}
	for name, c := range map[string]struct {
		rules  func(*retention.Rules)
		params world.Fact[map[string]string]
		open   map[string]bool
		image  func(*world.Image)
		next   plan.Kind // empty: it is kept
		why    string
	}{
		"expired":             {params: known(nil), next: plan.Deprecate, why: "1 minor newer than 1.0"},
		"spared":              {rules: func(r *retention.Rules) { r.Spare = 3 }, params: known(nil), why: "one of the newest 3 versions"},
		"its region is ended": {rules: func(r *retention.Rules) { r.Ended, r.Policy.Public = true, nil }, params: known(map[string]string{"/latest": "ami-1.0.0"}), next: plan.Deprecate, why: "the catalog no longer names eu-west-1"},
		"its region is ended, and it was launched": {
			rules: func(r *retention.Rules) { r.Ended, r.Policy.Public = true, nil }, params: known(nil),
			image: func(i *world.Image) { i.LastLaunched = now.Add(-day) }, why: "last launched 1 days ago",
		},
		"its region is ended, and can't be read": {rules: func(r *retention.Rules) { r.Ended = true }, params: world.Fact[map[string]string]{At: now, Err: "no"}, why: "could not be read"},
		"no policy":                              {rules: func(r *retention.Rules) { r.Policy.Public = nil }, params: known(nil), why: "keep.public"},
		"named by latest":                        {params: known(map[string]string{"/latest": "ami-1.0.0"}), why: "/latest points at it"},
		"parameters unread":                      {params: world.Fact[map[string]string]{At: now, Err: "no"}, why: "could not be read"},
		"its release is open":                    {params: known(nil), open: map[string]bool{"v1.0.0": true}, why: "under way"},
		"launched":                               {params: known(nil), image: func(i *world.Image) { i.LastLaunched = now.Add(-day) }, why: "last launched 1 days ago"},
		"protected":                              {params: known(nil), image: func(i *world.Image) { i.Protection = "enabled-without-cooldown" }, why: "disable-image-deregistration-protection"},
		"cooling down":                           {params: known(nil), image: func(i *world.Image) { i.Protection = world.CoolingDown }, next: plan.Deprecate, why: "newer"},
		"another's schema":                       {params: known(nil), image: func(i *world.Image) { i.Tags[record.TagTag] = "9:v1.0.0" }, why: "a newer Amiship"},
		"withdrawn": {params: known(nil), image: func(i *world.Image) {
			i.Tags[record.TagStage] = record.TagValue(record.StageWithdrawn)
		}, why: "withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			var images []world.Image
			for _, version := range []string{"1.0.0", "1.1.0", "1.1.1"} {
				d := release.Desired{Project: "p", Tag: "v" + version, Version: release.Version{Text: version}}
				images = append(images, world.Image{
					ID: "ami-" + version, State: world.Available, Public: true, Created: now.Add(-400 * day),
					Tags: d.OwnTags(release.Variant{Image: "ce", Arch: "amd64", Public: true}, record.StageRelease),
				})
			}
			if c.image != nil {
				c.image(&images[0])
			}
			rules := retention.Rules{
				Policy:     release.Retention{Public: &release.Keep{Patches: 1, Minors: 1}, Launched: 30 * day},
				Parameters: []release.Parameter{{Name: "/latest", Latest: true}},
			}
			if c.rules != nil {
				c.rules(&rules)
			}
			w := world.New()
			w.Now, w.Regions[region] = now, world.Region{Params: c.params}
			all := rules.Judge(region, images, w, c.open)
			if len(all) != 3 {
				t.Fatalf("%d decisions, want 3", len(all))
			}
			d := all[0]
			if d.Kept != (c.next == "") || d.Next != c.next || !strings.Contains(d.Why, c.why) {
				t.Errorf("kept %v, next %q, %s; want next %q, %s", d.Kept, d.Next, d.Why, c.next, c.why)
			}
		})
	}
}
