package report_test

import (
	"bytes"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// retired is a retirement in which everything that can happen has happened.
func retired() reconcile.Retirement {
	day := 24 * time.Hour
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	group := func(tag string, days int, kept bool, why string, next plan.Kind, due time.Time) reconcile.Group {
		return reconcile.Group{
			Tag: tag, Image: "ce", Arch: "amd64", Public: true, Created: now.AddDate(0, 0, -days), Kept: kept, Why: why, Next: next, Due: due,
			Regions: []string{"eu-west-1", "us-east-1"}, AMIs: []string{"ami-1", "ami-2"},
		}
	}
	old := group("v1.0.0", 400, false, "2 minors newer than 1.0", plan.Demote, now)
	old.LastLaunched = now.AddDate(0, 0, -50)
	return reconcile.Retirement{
		Project: "product", Now: now,
		Groups: []reconcile.Group{
			old, group("v1.1.0", 300, false, "1 minor newer | than 1.1", plan.Deprecate, now.Add(30*day)), group("v1.2.0", 1, true, "younger than 90 days", "", time.Time{}),
		},
		Capacities: []reconcile.Returned{{Region: "eu-west-1", Public: 5, Now: 1, Later: 1}, {Region: "us-east-1", Public: 2}},
		Offers:     []retention.Offer{{Listing: "ce", Title: "Product 1.0.0", Created: now.AddDate(0, 0, -400), Why: "2 minors newer than 1.0"}, {Listing: "ee", Kept: true, Why: "could not be read: no"}},
		Unread:     []world.Query{{Kind: world.LookListing, Listing: "ee"}},
		Users: []reconcile.User{
			{Region: "eu-west-1", AMI: "ami-1", Tag: "v1.0.0", Use: retention.Use{
				References: []string{"arn:aws:ssm:eu-west-1:1:parameter/a", "arn:aws:ec2:eu-west-1:1:launch-template/lt-1"},
				Report:     &world.UsageReport{ID: "amiur-1", Created: now, Accounts: 2, Instances: 9, Templates: 1},
			}},
			{Region: "us-east-1", AMI: "ami-2", Tag: "v1.0.0", Use: retention.Use{Report: &world.UsageReport{ID: "amiur-2", Created: now}}},
		},
		Policies: release.Retention{
			Public: &release.Keep{Patches: 1, Minors: 2, Age: 90 * day}, Launched: 30 * day, Referenced: true, UsedByOthers: true,
			Grace: release.Grace{Demote: 30 * day, Disable: 60 * day, Deregister: 90 * day},
		},
	}
}

func TestRetirement(t *testing.T) {
	var text, markdown bytes.Buffer
	report.Retirement(&text, retired())
	golden(t, "retire.txt", text.Bytes())
	report.RetirementMarkdown(&markdown, retired())
	golden(t, "retire.md", markdown.Bytes())
}
