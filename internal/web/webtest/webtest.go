// Package webtest has views for tests of pages: one in which everything is wrong at once, an
// empty one, and one of any size.
//
// They are written by hand and agree in themselves; no test of how a view is made uses them.
package webtest

import (
	"fmt"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/view"
)

// Script is a name that a page must not take for markup.
const Script = `<script>alert("x")</script>`

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func header() view.Header {
	return view.Header{
		Schema: view.Schema, Tool: view.Tool{Version: "v0.1.0"},
		AWS:  view.AWS{Account: "123456789012", Alias: "vendor", Caller: "arn:aws:iam::123456789012:user/someone", Partition: "aws", Endpoint: "http://127.0.0.1:4566", Sandbox: true},
		Read: view.Read{At: now, Seconds: 1.5, Calls: 99},
	}
}

// Empty is a project without anything.
func Empty() view.View {
	return view.View{Header: header(), Project: "thing", Headline: "thing has no releases yet.", Level: view.OK, Releases: []view.Release{}, Blockers: []view.Blocker{}, Quotas: []view.Quota{}, Listings: []view.Listing{}}
}

// Troubled is one in which everything is wrong at once.
func Troubled() view.View {
	v := Empty()
	v.Headline, v.Level = "v1.2.0 is held by quota/eu-west-1, quota/us-east-1. eu-south-1 could not be read.", view.Stopped
	v.Holds = []view.Hold{{ID: "pause", Why: "changes are paused until amiship resume by someone: signing key leaked", Since: now.Add(-time.Hour)}}
	v.Releases = []view.Release{open(), past("v1.1.0", view.Complete, view.Public), past("v1.0.0", view.Recalled, view.Withdrawn), adopted()}
	v.Blockers = []view.Blocker{
		quota("eu-west-1", true), quota("us-east-1", true),
		{ID: "versions/paid", Why: "the product has 99 of 100 versions " + Script, Tags: []string{"v1.3.0"}, Steps: 1, Remedies: []view.Remedy{
			{Name: "restrict", Command: "amiship unblock versions/paid restrict", Cost: "takes from new buyers: 4 versions", Permissions: []string{"aws-marketplace:StartChangeSet"}},
			{Name: "wait", Command: "wait until AWS has answered", Words: true, Cost: "nothing"},
			{Name: "raise", Cost: "AWS raises this limit for no one"},
		}},
	}
	v.Quotas = []view.Quota{
		{Region: "eu-west-1", Limit: 16, Used: 12, Reserved: 4, Each: 2, Requests: []view.Request{{ID: "r", Status: "CASE_OPENED", Desired: 40, Created: now}}},
		{Region: "us-east-1", Limit: 5, Default: true, Used: 5, Each: 2},
		{Region: "eu-west-2", Limit: 60, Used: 17, Each: 2, ReleasesLeft: 21, Until: now.Add(1000 * time.Hour)},
	}
	v.Listings = []view.Listing{
		{
			Name: "paid", Product: "prod-aaaaaaaaaaaaa", Title: "Thing " + Script, Visibility: "Public", Variant: "paid/amd64", Offered: 99, Limit: 100, ReleasesLeft: 1,
			Assessed: []reconcile.Assessed{
				{Title: "Thing 1.1.0", Failed: true, Created: now.Add(-30 * time.Hour), Why: []string{"control vulnerabilities: CVE-2026-1 in " + Script}},
				{Title: "Thing 1.0.0", Soon: true, Created: now.Add(-900 * time.Hour), Expires: now.Add(100 * time.Hour)},
			},
			Versions: []view.Version{{Title: "Thing 1.1.0", ID: "v2", Created: now.Add(-48 * time.Hour), Offered: true}, {Title: "Thing 1.0.0", ID: "v1", Created: now.Add(-900 * time.Hour)}},
			ChangeSets: []view.ChangeSet{
				{ID: "cs-1", Status: "PREPARING", Pending: true, What: "adds Thing 1.2.0", Start: now.Add(-2 * time.Hour), Seconds: 7200},
				{ID: "cs-0", Status: "FAILED", What: "adds Thing 1.2.0", Start: now.Add(-9 * time.Hour), End: now.Add(-8 * time.Hour), Seconds: 3600, Errors: []string{"SCAN_ERROR: the scan found keys"}},
			},
		},
		{Name: "other", Product: "prod-bbbbbbbbbbbbb", Variant: "free/amd64", Unread: "AccessDeniedException: not allowed"},
	}
	v.EveryDays = 14
	v.Leftovers = []view.Leftover{{What: "us-east-1: claim amiship-thing-free, not renewed for 26h0m0s, with i-0ab", Command: "amiship sweep"}}
	v.Unread = []view.Unread{{What: "eu-south-1", Why: "eu-south-1 does not answer"}, {What: "listing other", Why: "AccessDeniedException"}}
	v.Notes = []string{"a note with " + Script + " and 'quotes' and " + fmt.Sprintf("%0128d", 7)}
	return v
}

func quota(region string, stops bool) view.Blocker {
	return view.Blocker{
		ID: "quota/" + region, Why: region + ": 2 public AMIs needed, capacity for 0", Since: now.Add(-200 * time.Hour), Tags: []string{"v1.2.0"}, Now: stops, Steps: 2, Need: 2,
		Remedies: []view.Remedy{
			{Name: "raise", Command: "amiship unblock quota/" + region + " raise", Cost: "asks AWS for 40 public AMIs; a support case, days", Permissions: []string{"servicequotas:RequestServiceQuotaIncrease"}},
			{Name: "demote", Command: "amiship unblock quota/" + region + " demote", Cost: "makes Thing 1.0.0 private"},
		},
	}
}

var places = []string{"eu-south-1", "eu-west-1", "eu-west-2", "us-east-1"}

func open() view.Release {
	r := view.Release{
		Tag: "v1.2.0", Version: "1.2.0", State: view.Held, Began: now.Add(-3 * time.Hour), Commit: "0123456789abcdef", Required: 3,
		Variants: []view.Variant{{Name: "free/amd64", Public: true}, {Name: "free/arm64", Public: true}, {Name: "paid/amd64"}},
		Stages:   []view.Stage{{Name: "build", Done: 3, Total: 3}, {Name: "copy", Done: 7, Total: 12, Failed: 3}, {Name: "publish", Total: 8}},
		Waits:    []view.Wait{{On: "copy paid/amd64 to us-east-1", Step: "copy/paid/amd64/us-east-1", Why: "AWS is copying ami-1", Since: now.Add(-time.Hour), UsualSeconds: 480}},
		Blockers: []string{"quota/eu-west-1", "quota/us-east-1"}, Next: "blocked by quota/eu-west-1, quota/us-east-1", Command: "amiship release v1.2.0",
		Listings: []view.ReleaseListing{{Listing: "paid", Version: "Thing 1.2.0", ChangeSet: "cs-1", State: "waiting", Status: "PREPARING", Reason: "Marketplace has change set cs-1", Since: now.Add(-2 * time.Hour), UsualSeconds: 10800}},
	}
	states := []view.AMIState{
		view.Unknown, view.Shared, view.Copied, view.Copying,
		view.Unknown, view.Failed, view.Skipped, view.Waived,
		view.Unknown, view.Missing, view.Tested, view.Building,
	}
	for i, variant := range r.Variants {
		for j, region := range places {
			a := view.AMI{Variant: variant.Name, Region: region, State: states[i*len(places)+j], Required: region != "eu-south-1", Name: "Thing 1.2.0", Since: now.Add(-time.Hour)}
			switch a.State {
			case view.Shared, view.Copied, view.Copying:
				a.ID = fmt.Sprintf("ami-%d%d", i, j)
			case view.Failed:
				a.Reason = "no space " + Script
			case view.Skipped, view.Waived:
				a.Reason = "the region is down"
			case view.Unknown:
				a.Reason = "eu-south-1 does not answer"
			}
			r.AMIs = append(r.AMIs, a)
		}
	}
	for _, region := range places {
		r.Regions = append(r.Regions, view.Region{Name: region, Required: region != "eu-south-1"})
	}
	return r
}

func past(tag string, state view.ReleaseState, cell view.AMIState) view.Release {
	r := view.Release{Tag: tag, Version: tag[1:], State: state, Began: now.Add(-400 * time.Hour), Ended: now.Add(-398 * time.Hour), Commit: "fedcba98", Ready: 2, Required: 2}
	r.Variants = []view.Variant{{Name: "free/amd64", Public: true}, {Name: "paid/amd64"}}
	for i, region := range places[1:3] {
		r.Regions = append(r.Regions, view.Region{Name: region, Required: true})
		private := cell
		if cell == view.Public {
			private = view.Shared
		}
		r.AMIs = append(r.AMIs, view.AMI{Variant: "free/amd64", Region: region, State: cell, Final: true, ID: fmt.Sprintf("ami-%s-%d", tag, i), Since: r.Ended},
			view.AMI{Variant: "paid/amd64", Region: region, State: private, Final: true, ID: fmt.Sprintf("ami-p-%s-%d", tag, i), Since: r.Ended})
	}
	r.Made = len(r.AMIs)
	return r
}

func adopted() view.Release {
	r := past("v0.9.0", view.Complete, view.Public)
	r.Adopted, r.Commit = true, ""
	return r
}

// Large is a view of images times regions times releases, and listings of 100 versions.
func Large(images, regions, releases, listings int) view.View {
	v := Empty()
	v.Headline = "No release is open."
	for n := range releases {
		r := view.Release{Tag: fmt.Sprintf("v1.%d.0", releases-n), Version: fmt.Sprintf("1.%d.0", releases-n), State: view.Complete, Began: now.Add(-time.Duration(n) * 300 * time.Hour), Ended: now, Commit: "0123456789ab"}
		for i := range images {
			r.Variants = append(r.Variants, view.Variant{Name: fmt.Sprintf("image%d/amd64", i), Public: true})
		}
		for g := range regions {
			r.Regions = append(r.Regions, view.Region{Name: fmt.Sprintf("xx-region-%d", g), Required: true})
			for i := range images {
				r.AMIs = append(r.AMIs, view.AMI{Variant: r.Variants[i].Name, Region: r.Regions[g].Name, State: view.Public, Final: true, ID: fmt.Sprintf("ami-%08d%04d%05d", n, i, g), Since: now})
			}
		}
		if n == 0 {
			r.State = view.Open
		}
		v.Releases = append(v.Releases, r)
	}
	for g := range regions {
		v.Quotas = append(v.Quotas, view.Quota{Region: fmt.Sprintf("xx-region-%d", g), Limit: 1000, Used: images * releases, ReleasesLeft: g, Each: images})
	}
	for l := range listings {
		one := view.Listing{Name: fmt.Sprintf("listing%d", l), Product: "prod-aaaaaaaaaaaaa", Variant: "image0/amd64", Offered: 100, Limit: 100}
		for n := range 100 {
			one.Versions = append(one.Versions, view.Version{Title: fmt.Sprintf("Thing 1.%d.0", 100-n), ID: fmt.Sprint(n), Created: now.Add(-time.Duration(n) * 30 * time.Hour), Offered: true})
		}
		v.Listings = append(v.Listings, one)
	}
	return v
}
