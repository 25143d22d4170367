package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

const (
	listingStem = "amiship p v1.2.3 premium"
	listingStep = plan.ID("changeset/premium")
)

// shop is a release whose AMIs are all there, with one listing: what a table
// changes of it.
type shop struct {
	d release.Desired
	w world.World
	r plan.Run
}

func newShop(t testing.TB) *shop {
	t.Helper()
	d := desired(t)
	d.Variants, d.Targets = d.Variants[1:], d.Targets[2:]
	d.Listings = []release.Listing{{
		Name: "premium", Product: "prod-aaaaaaaaaaaaa", Image: "premium", Arch: "amd64",
		Version: marketplace.Version{
			Title: "P 1.2.3", ReleaseNotes: "new", AccessRole: "arn:aws:iam::123456789012:role/r", User: "ubuntu",
			OSName: "UBUNTU", OSVersion: "22.04", Usage: "start it", InstanceType: "m7i.large",
			SecurityGroups: []marketplace.SecurityGroup{{Protocol: "tcp", From: 80, To: 80, Ranges: []string{"0.0.0.0/0"}}},
		},
		Only: release.OnlyLatestStable, Pending: release.PendingWait, Retries: 2, Limit: 100, Titles: `^P (.+)$`,
		Lines: map[string]string{"title": "amiship.yaml:7"},
	}}
	s := &shop{d: d, w: world.New(), r: plan.NewRun("run")}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s.w.Now = now
	tags := d.OwnTags(d.Variants[0], record.StageRelease)
	tags[record.TagTested] = record.TagValue(record.Verdict{OK: true, Checks: "0123456789ab"}.String())
	image := world.Image{
		ID: "ami-1", Name: d.Variants[0].Name, State: world.Available, Arch: "amd64", Tags: tags, Created: now.Add(-time.Hour),
		Snapshots: []string{"snap-1"}, IMDSSupport: "v2.0",
	}
	granted := world.Grants{Images: map[string]bool{"ami-1": true}, Snapshots: map[string]bool{"snap-1": true}}
	s.w.Regions["us-east-1"] = world.Region{
		Images: known(now, []world.Image{image}), Claims: known(now, []world.Claim(nil)),
		Grants: map[string]world.Fact[world.Grants]{"111111111111": known(now, granted)},
		Params: known(now, map[string]string{}),
	}
	s.w.Listings["premium"] = world.Listing{
		Entity: known(now, world.Entity{Revision: "prod-aaaaaaaaaaaaa@7", Title: "Product", Visibility: "Public"}),
		Sets:   known(now, []world.ChangeSet(nil)),
	}
	return s
}

func known[T any](at time.Time, v T) world.Fact[T] { return world.Fact[T]{At: at, Val: v} }

// home changes what is known of the region that builds.
func home(w world.World, change func(*world.Region)) {
	r := w.Regions[homeRegion]
	change(&r)
	w.Regions[homeRegion] = r
}

// ofVersion is the release of another version of the same images.
func ofVersion(d release.Desired, version string) release.Desired {
	d.Tag = "v" + version
	d.Version, _ = release.ParseVersion(version)
	return d
}

func (s *shop) listing(change func(*world.Listing)) {
	l := s.w.Listings["premium"]
	change(&l)
	s.w.Listings["premium"] = l
}

// version adds one to the product.
func (s *shop) version(title, ami, visibility string) {
	s.listing(func(l *world.Listing) {
		l.Entity.Val.Versions = append(l.Entity.Val.Versions, world.Version{
			ID: "v-" + title, Title: title, AMI: ami, Created: s.w.Now.Add(-time.Minute), Options: []world.Option{{ID: "o-" + title, Visibility: visibility}},
		})
	})
}

// set adds a change set, the newest.
func (s *shop) set(id, name, status string, code ...string) {
	c := world.ChangeSet{ID: id, Name: name, Status: status, FailureCode: strings.Join(code, ""), Start: s.w.Now.Add(-time.Hour)}
	if !c.Pending() {
		c.End = s.w.Now.Add(-time.Minute)
	}
	s.listing(func(l *world.Listing) { l.Sets.Val = append([]world.ChangeSet{c}, l.Sets.Val...) })
}

// ours names a change set for what the release wants.
func (s *shop) ours(purpose string) string {
	v := s.d.Listings[0].Version
	v.AMI = "ami-1"
	return marketplace.ChangeSetName(listingStem, purpose, v.Digest())
}

func (s *shop) details(id string, d world.SetDetails) { s.w.Sets[id] = known(s.w.Now, d) }

func (s *shop) image(change func(*world.Image)) {
	change(&s.w.Regions["us-east-1"].Images.Val[0])
}

var stranger = world.SetDetails{Status: world.Preparing, Changes: []world.Change{{
	Type: "AddDeliveryOptions", Details: `{"Version": {"VersionTitle": "P 1.0.9"}}`,
}}}

// theirs is a stranger's change set that is pending, and what the catalog says then.
func (s *shop) theirs(pending, status string) {
	s.d.Listings[0].Pending = pending
	s.set("cs1", "somebody's", status)
	s.details("cs1", stranger)
}

func (s *shop) approveCancel(seen string) {
	s.r.Approved = map[plan.ID]string{"cancel/premium/cs1": seen}
}

func TestListing(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*shop)
		state   plan.State
		why     string // of the step
		blocker string // its id
		text    string // in the blocker: why and remedies
	}{
		"nothing is listed": {func(*shop) {}, plan.Ready, "", "", ""},
		"nobody has looked": {func(s *shop) { delete(s.w.Listings, "premium") }, plan.Waiting, "not read yet", "", ""},
		"Marketplace does not answer": {
			func(s *shop) { s.listing(func(l *world.Listing) { l.Entity.Err = "AccessDeniedException: no" }) },
			plan.Blocked, "could not be read", "listing/premium", "AccessDeniedException: no",
		},
		"nothing of it can be read, for one reason": {
			func(s *shop) {
				s.listing(func(l *world.Listing) { l.Entity.Err, l.Sets.Err = "AccessDenied: no", "AccessDenied: no" })
			},
			plan.Blocked, "could not be read", "listing/premium", "could not be read: AccessDenied: no\namiship release v1.2.3\n",
		},
		"the account's role cannot be assumed": {
			func(s *shop) {
				s.d.Listings[0].Role, s.d.Listings[0].Account = "arn:aws:iam::444455556666:role/r", "444455556666"
				s.d.Listings[0].Lines["account.role_arn"] = "amiship.yaml:9"
				s.listing(func(l *world.Listing) { l.Entity.Err = "AccessDenied: no" })
			},
			plan.Blocked, "could not be read", "listing/premium", "\ncorrect account.role_arn (amiship.yaml:9)\n",
		},
		"the AMI is not there yet": {
			func(s *shop) { s.image(func(i *world.Image) { i.State = world.Pending }) }, plan.Queued, "", "", "",
		},
		"the AMI is not shared yet": {
			func(s *shop) { s.w.Regions["us-east-1"].Grants["111111111111"] = known(s.w.Now, world.Grants{}) }, plan.Queued, "", "", "",
		},
		"the AMI is encrypted": {
			func(s *shop) { s.image(func(i *world.Image) { i.Encrypted = true }) },
			plan.Blocked, "encrypted snapshot", "encrypted/premium", "disable-ebs-encryption-by-default",
		},
		"the AMI was not tested": {
			func(s *shop) { s.image(func(i *world.Image) { delete(i.Tags, record.TagTested) }) },
			plan.Blocked, "boot test", "untested/premium", "--no-test",
		},
		"not tested, and not asked for": {
			func(s *shop) {
				s.d.Untested = true
				s.image(func(i *world.Image) { delete(i.Tags, record.TagTested) })
			}, plan.Ready, "", "", "",
		},
		"the product is full": {
			func(s *shop) {
				s.d.Listings[0].Limit = 2
				s.version("P 1.0.0", "ami-8", "Public")
				s.version("P 1.0.1", "ami-9", "Public")
			}, plan.Blocked, "2 versions of 2", "versions/premium", "90 days",
		},
		"full but for restricted ones": {
			func(s *shop) {
				s.d.Listings[0].Limit = 2
				s.version("P 1.0.0", "ami-8", "Restricted")
				s.version("P 1.0.1", "ami-9", "Public")
			}, plan.Ready, "", "", "",
		},

		"the version is public": {func(s *shop) { s.version("P 1.2.3", "ami-1", "Public") }, plan.Done, "", "", ""},
		"public, though the AMI's share was taken away": {
			func(s *shop) {
				s.version("P 1.2.3", "ami-1", "Public")
				s.w.Regions["us-east-1"].Grants["111111111111"] = known(s.w.Now, world.Grants{})
			}, plan.Done, "", "", "",
		},
		"of a limited product": {
			func(s *shop) {
				s.version("P 1.2.3", "ami-1", "Limited")
				s.listing(func(l *world.Listing) { l.Entity.Val.Visibility = "Limited" })
			}, plan.Done, "", "", "",
		},
		"the version is there, not public yet": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Limited") }, plan.Waiting, "not yet to be seen", "", "",
		},
		"the version was restricted": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Restricted") }, plan.Done, "restricted since", "", "",
		},
		"the title is taken by another AMI": {
			func(s *shop) { s.version("P 1.2.3", "ami-9", "Public") },
			plan.Blocked, "of ami-9", "title/premium", "amiship.yaml:7",
		},
		"taken before the AMI is there": {
			func(s *shop) {
				s.version("P 1.2.3", "ami-9", "Public")
				s.image(func(i *world.Image) { i.Tags = nil })
			}, plan.Blocked, "of ami-9", "title/premium", "",
		},
		"taken, and by ours too": {
			func(s *shop) {
				s.version("P 1.2.3", "ami-1", "Public")
				s.version("P 1.2.3", "ami-9", "Public")
			}, plan.Done, "", "", "",
		},
		"taken, and our region is not read": {
			func(s *shop) {
				s.version("P 1.2.3", "ami-9", "Public")
				home(s.w, func(r *world.Region) { r.Images = world.Fact[[]world.Image]{At: s.w.Now, Err: "down"} })
			}, plan.Waiting, "whose the version is", "", "",
		},

		"a newer version is listed": {
			func(s *shop) { s.version("P 1.3.0", "ami-9", "Public") }, plan.Skipped, "1.3.0 is newer", "", "",
		},
		"a newer one is listed, and all are wanted": {
			func(s *shop) {
				s.d.Listings[0].Only = release.OnlyAll
				s.version("P 1.3.0", "ami-9", "Public")
			}, plan.Ready, "", "", "",
		},
		"a newer one was restricted":    {func(s *shop) { s.version("P 1.3.0", "ami-9", "Restricted") }, plan.Ready, "", "", ""},
		"a newer pre-release is listed": {func(s *shop) { s.version("P 1.3.0-rc1", "ami-9", "Public") }, plan.Ready, "", "", ""},
		"a title that says no version":  {func(s *shop) { s.version("Something", "ami-9", "Public") }, plan.Ready, "", "", ""},
		"a newer release has its AMI": {
			func(s *shop) { s.other("1.3.0", record.StageRelease, false) }, plan.Skipped, "1.3.0 is newer", "", "",
		},
		"a newer pre-release has its AMI": {func(s *shop) { s.other("1.3.0-rc1", record.StageRelease, false) }, plan.Ready, "", "", ""},
		"this is a pre-release": {
			func(s *shop) {
				s.d.Version, _ = release.ParseVersion("1.2.3-rc1")
			}, plan.Skipped, "pre-release", "", "",
		},

		"ours is under way":      {func(s *shop) { s.set("cs1", s.ours("add"), world.Preparing) }, plan.Waiting, "change set cs1, PREPARING", "", ""},
		"ours, with other notes": {func(s *shop) { s.set("cs1", listingStem+" add 000000000000", world.Applying) }, plan.Waiting, "cs1, APPLYING", "", ""},
		"ours, by its tags": {
			func(s *shop) {
				s.set("cs1", "by hand", world.Applying)
				s.details("cs1", world.SetDetails{Tags: map[string]string{
					record.TagProject: "1:p", record.TagTag: "1:v1.2.3", record.TagListing: "1:premium",
				}})
			}, plan.Waiting, "change set cs1, APPLYING", "", "",
		},
		"ours, while a newer version is listed": {
			func(s *shop) {
				s.version("P 1.3.0", "ami-9", "Public")
				s.set("cs1", s.ours("add"), world.Preparing)
			}, plan.Waiting, "cs1", "", "",
		},
		"ours has succeeded, and does not show": {
			func(s *shop) { s.set("cs1", s.ours("add"), world.Succeeded) }, plan.Waiting, "does not show the version yet", "", "",
		},
		"ours was cancelled": {
			func(s *shop) { s.set("cs1", s.ours("add"), world.Cancelled) },
			plan.Blocked, "was cancelled", "cancelled/premium", "amiship release v1.2.3 --resubmit",
		},
		"ours was cancelled, and is offered again": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.Cancelled)
				s.r.Resubmit = true
			}, plan.Ready, "", "", "",
		},
		"this run's was cancelled, though it may offer again": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.Cancelled)
				s.r.Resubmit = true
				s.r.Made[listingStep] = plan.Made{ChangeSet: "cs1"}
			}, plan.Blocked, "was cancelled", "cancelled/premium", "",
		},
		"ours was refused": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.SetFailed, world.ClientError)
				s.details("cs1", refusal("DUPLICATE_VERSION_TITLE", "there is one"))
			}, plan.Blocked, "DUPLICATE_VERSION_TITLE", "changeset/premium", "amiship.yaml:7",
		},
		"refused for what nobody knows": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.SetFailed, world.ClientError)
				s.details("cs1", refusal("MOON_IN_LEO", "wait for Virgo"))
			}, plan.Blocked, "cs1", "changeset/premium", "MOON_IN_LEO",
		},
		"refused with other details": {
			func(s *shop) { s.set("cs1", listingStem+" add 000000000000", world.SetFailed, world.ClientError) }, plan.Ready, "", "", "",
		},
		"refused, and offered again by hand": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.SetFailed, world.ClientError)
				s.r.Resubmit = true
			}, plan.Ready, "", "", "",
		},
		"Marketplace broke it twice": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.SetFailed, world.ServerFault)
				s.set("cs2", s.ours("add"), world.SetFailed, world.ServerFault)
			}, plan.Ready, "", "", "",
		},
		"Marketplace broke it too often": {
			func(s *shop) {
				for _, id := range []string{"cs1", "cs2", "cs3"} {
					s.set(id, s.ours("add"), world.SetFailed, world.ServerFault)
				}
				s.details("cs3", refusal("INTERNAL", "sorry"))
			}, plan.Blocked, "3 times in a row", "changeset/premium", "--resubmit",
		},
		"refused, then broken": {
			func(s *shop) {
				s.set("cs1", s.ours("add"), world.SetFailed, world.ClientError)
				s.set("cs2", s.ours("add"), world.SetFailed, world.ServerFault)
			}, plan.Ready, "", "", "",
		},
		"submitted by this run, and not shown": {
			func(s *shop) { s.r.Made[listingStep] = plan.Made{ChangeSet: "cs9", At: s.w.Now} }, plan.Waiting, "does not show change set cs9", "", "",
		},

		"a stranger's, and we wait": {
			func(s *shop) { s.theirs(release.PendingWait, world.Preparing) }, plan.Waiting, `in line behind cs1: "somebody's", PREPARING, begun 2026-11-24 11:00 UTC, AddDeliveryOptions (P 1.0.9)`, "", "",
		},
		"another release's, and we wait": {
			func(s *shop) {
				s.set("cs1", "amiship p v1.2.2 premium add 000000000000", world.Applying)
				d := stranger
				d.Tags = map[string]string{record.TagProject: "1:p", record.TagTag: "1:v1.2.2", record.TagListing: "1:premium"}
				s.details("cs1", d)
			}, plan.Waiting, `made by Amiship for p v1.2.2: AddDeliveryOptions (P 1.0.9)`, "", "",
		},
		"somebody's who has tagged it, and we stop": {
			func(s *shop) {
				s.theirs(release.PendingStop, world.Preparing)
				d := stranger
				d.Tags = map[string]string{"team": "alliances", "by": "kim"}
				s.details("cs1", d)
			}, plan.Blocked, `tagged by=kim team=alliances: AddDeliveryOptions (P 1.0.9)`, "pending/premium", "",
		},
		"a stranger's, and we stop": {
			func(s *shop) { s.theirs(release.PendingStop, world.Preparing) }, plan.Blocked, "locks the product", "pending/premium", "amiship release v1.2.3",
		},
		"a stranger's to cancel, not approved": {
			func(s *shop) { s.theirs(release.PendingCancel, world.Preparing) }, plan.Blocked, "locks the product", "pending/premium", "--approve cancel/premium/cs1@" + plan.SeenSet("cs1", stranger),
		},
		"a stranger's to cancel, another approved": {
			func(s *shop) {
				s.theirs(release.PendingCancel, world.Preparing)
				s.approveCancel("0123456789abcdef")
			}, plan.Blocked, "locks the product", "pending/premium", "--approve",
		},
		"a stranger's to cancel, approved": {
			func(s *shop) {
				s.theirs(release.PendingCancel, world.Preparing)
				s.approveCancel(plan.SeenSet("cs1", stranger))
			}, plan.Queued, "", "", "",
		},
		"a stranger's to cancel, too late": {
			func(s *shop) {
				s.theirs(release.PendingCancel, world.Applying)
				s.approveCancel(plan.SeenSet("cs1", stranger))
			}, plan.Waiting, "in line behind cs1", "", "",
		},
		"a stranger's, seen before the AMI is there": {
			func(s *shop) {
				s.image(func(i *world.Image) { i.State = world.Pending })
				s.theirs(release.PendingCancel, world.Preparing)
			}, plan.Blocked, "locks the product", "pending/premium", "--approve cancel/premium/cs1@",
		},
		"approved before the AMI is there": {
			func(s *shop) {
				s.image(func(i *world.Image) { i.State = world.Pending })
				s.theirs(release.PendingCancel, world.Preparing)
				s.approveCancel(plan.SeenSet("cs1", stranger))
			}, plan.Queued, "", "", "",
		},
		"a stranger's, to wait for, before the AMI is there": {
			func(s *shop) {
				s.image(func(i *world.Image) { i.State = world.Pending })
				s.theirs(release.PendingWait, world.Preparing)
			}, plan.Queued, "", "", "",
		},
		"a stranger's that can't be read": {
			func(s *shop) {
				s.theirs(release.PendingStop, world.Preparing)
				s.w.Sets["cs1"] = world.Fact[world.SetDetails]{At: s.w.Now, Err: "no"}
			}, plan.Waiting, "not known whose", "", "",
		},

		"the notes' command was not run": {func(s *shop) { s.d.Listings[0].Notes = []string{"notes"} }, plan.Waiting, "release notes first", "", ""},
		"the notes' command failed": {
			func(s *shop) {
				s.d.Listings[0].Notes = []string{"notes"}
				s.listing(func(l *world.Listing) { l.Notes = world.Fact[string]{At: s.w.Now, Err: "command notes: exit status 1"} })
			}, plan.Blocked, "exit status 1", "notes/premium", "release_notes",
		},
		"the notes are there": {
			func(s *shop) {
				s.d.Listings[0].Notes = []string{"notes"}
				s.listing(func(l *world.Listing) { l.Notes = known(s.w.Now, "much is new") })
			}, plan.Ready, "", "", "",
		},
		"the notes are too long for the request": {
			func(s *shop) {
				s.d.Listings[0].Notes = []string{"notes"}
				s.listing(func(l *world.Listing) { l.Notes = known(s.w.Now, strings.Repeat("new ", 5000)) })
			}, plan.Blocked, "16384", "notes/premium", "release_notes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			step, ok := p.Step(listingStep)
			if !ok || step.State != c.state || !strings.Contains(step.Why, c.why) {
				t.Errorf("got %s %q, want %s %q", step.State, step.Why, c.state, c.why)
			}
			var ids, text []string
			for _, b := range p.Blockers {
				if slices.Contains(b.Holds, listingStep) {
					ids, text = append(ids, b.ID), append(text, b.Why)
					for _, r := range b.Remedies {
						text = append(text, r.Command, r.Cost)
					}
				}
			}
			if got := strings.Join(ids, " "); got != c.blocker || !strings.Contains(strings.Join(text, "\n"), c.text) {
				t.Errorf("blocked by %q, want %q with %q in:\n%s", got, c.blocker, c.text, strings.Join(text, "\n"))
			}
			if step.State == plan.Waiting && c.why != "not read yet" && len(p.Waits)+len(p.Look)+len(p.Missed) == 0 {
				t.Error("it waits, and nobody looks whether that is over")
			}
		})
	}
}

func refusal(code, message string) world.SetDetails {
	return world.SetDetails{Status: world.SetFailed, Changes: []world.Change{{
		Type: "AddDeliveryOptions", Errors: []world.ChangeError{{Code: code, Message: message}},
	}}}
}

func submitted(s plan.Step) plan.SubmitChangeSet { return plan.As[plan.SubmitChangeSet](s.Action) }

func TestWhatIsSubmitted(t *testing.T) {
	s := newShop(t)
	step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step(listingStep)
	v := s.d.Listings[0].Version
	v.AMI = "ami-1"
	got := submitted(step)
	if got.Details != v.Details() || step.Guard.Product != "prod-aaaaaaaaaaaaa@7" || got.SetName != s.ours("add") || step.Image().AMI != "ami-1" {
		t.Errorf("got %+v", step.Action)
	}
	if step.Tags()[record.TagListing] != "1:premium" || len(got.Token) > 36 {
		t.Errorf("got tags %v, token %q", step.Tags(), got.Token)
	}
	again, _ := reconcile.Reconcile(s.d, s.w, plan.NewRun("another")).Step(listingStep)
	if submitted(again).Token != got.Token {
		t.Error("another run has another token: after a lost answer there would be two")
	}
	s.set("cs1", s.ours("add"), world.SetFailed, world.ServerFault)
	retry, _ := reconcile.Reconcile(s.d, s.w, s.r).Step(listingStep)
	if submitted(retry).Token == got.Token {
		t.Error("a retry has the token of what failed: it would get the dead one back")
	}
}

func TestTrialComesFirst(t *testing.T) {
	const trial = plan.ID("validate/premium")
	for name, c := range map[string]struct {
		change       func(*shop)
		trial, offer plan.State
	}{
		"nothing yet":       {func(*shop) {}, plan.Ready, plan.Queued},
		"it is under way":   {func(s *shop) { s.set("cs1", s.ours("validate"), world.Preparing) }, plan.Waiting, plan.Queued},
		"it has passed":     {func(s *shop) { s.set("cs1", s.ours("validate"), world.Succeeded) }, plan.Done, plan.Ready},
		"it was of another": {func(s *shop) { s.set("cs1", listingStem+" validate 000000000000", world.Succeeded) }, plan.Ready, plan.Queued},
		"it was refused": {func(s *shop) {
			s.set("cs1", s.ours("validate"), world.SetFailed, world.ClientError)
			s.details("cs1", refusal("SCAN_ERROR", "a password"))
		}, plan.Blocked, plan.Queued},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.d.Listings[0].Validate = true
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			first, _ := p.Step(trial)
			second, _ := p.Step(listingStep)
			if first.State != c.trial || second.State != c.offer {
				t.Errorf("trial %s, offer %s; want %s, %s", first.State, second.State, c.trial, c.offer)
			}
		})
	}
}

func TestStaleLookIsRepeatedBeforeItStops(t *testing.T) {
	s := newShop(t)
	s.theirs(release.PendingStop, world.Preparing)
	s.w.Now = s.w.Now.Add(2 * time.Minute)
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if !slices.Contains(p.Look, world.Query{Kind: world.LookListing, Listing: "premium"}) {
		t.Errorf("it stops on a look of two minutes ago; looks at %v", p.Look)
	}
}

func TestListingsDoNotWaitForEachOther(t *testing.T) {
	s := newShop(t)
	other := s.d.Listings[0]
	other.Name, other.Product = "other", "prod-bbbbbbbbbbbbb"
	s.d.Listings = append(s.d.Listings, other)
	l := s.w.Listings["premium"]
	s.w.Listings["other"] = l
	s.theirs(release.PendingWait, world.Preparing)
	p := reconcile.Reconcile(s.d, s.w, s.r)
	first, _ := p.Step(listingStep)
	second, _ := p.Step("changeset/other")
	if first.State != plan.Waiting || second.State != plan.Ready {
		t.Errorf("premium is %s, other is %s; want waiting, ready", first.State, second.State)
	}
}

// TestListingOfASeller: a listing of another account is backed by a copy made there.
func TestListingOfASeller(t *testing.T) {
	const seller, copied = "444455556666", plan.ID("copy/premium/amd64/us-east-1/444455556666")
	s := newShop(t)
	s.d.Listings[0].Role, s.d.Listings[0].Account = "arn:aws:iam::444455556666:role/seller", seller
	s.d.Variants[0].Sellers = []string{seller}
	there := release.Place{Account: seller, Region: "us-east-1"}
	s.w.SellerImages[there] = known(s.w.Now, []world.Image(nil))

	if p := reconcile.Reconcile(s.d, s.w, s.r); !slices.Contains(p.Look, world.Query{Kind: world.LookAccess, Region: "us-east-1", ID: "ami-1"}) {
		t.Fatalf("who may use the AMI is not read: %v", p.Look)
	}
	s.access([]string{"111111111111"}, []string{"111111111111"})
	p := reconcile.Reconcile(s.d, s.w, s.r)
	shared, _ := p.Step("share/premium/amd64/us-east-1")
	step, _ := p.Step(copied)
	if shared.State != plan.Ready || step.State != plan.Queued {
		t.Fatalf("share is %s, copy is %s; want ready, after", shared.State, step.State)
	}
	s.access([]string{"111111111111", seller}, []string{"111111111111", seller})
	p = reconcile.Reconcile(s.d, s.w, s.r)
	step, _ = p.Step(copied)
	if step.State != plan.Ready || plan.As[plan.CopyImage](step.Action).From != (plan.Source{Region: "us-east-1", AMI: "ami-1"}) || step.Target.Account != seller {
		t.Fatalf("got %+v", step)
	}
	image := s.w.Regions["us-east-1"].Images.Val[0]
	image.ID = "ami-3"
	s.w.SellerImages[there] = known(s.w.Now, []world.Image{image})
	p = reconcile.Reconcile(s.d, s.w, s.r)
	offer, _ := p.Step(listingStep)
	if offer.State != plan.Ready || offer.Image().AMI != "ami-3" || !strings.Contains(submitted(offer).Details, "ami-3") {
		t.Errorf("got %+v", offer)
	}
	if p := p.Until(plan.UntilPublic); len(p.Steps) == 0 || slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Target.Account != "" || s.Target.Listing != "" }) {
		t.Error("until public, there is nothing about listings")
	}
}

// TestUntilPublicKnowsNoListings: nothing about them is read, done or in the way.
func TestUntilPublicKnowsNoListings(t *testing.T) {
	s := newShop(t)
	s.w.Listings = map[string]world.Listing{"premium": {Entity: world.Fact[world.Entity]{At: s.w.Now, Err: "AccessDeniedException"}}}
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if len(p.Blockers) == 0 || len(p.Look) == 0 {
		t.Fatalf("blockers %v, looks %v; want some", p.Blockers, p.Look)
	}
	if p = p.Until(plan.UntilPublic); len(p.Blockers)+len(p.Look)+len(p.Missed) > 0 || !p.Complete() {
		t.Errorf("blockers %v, looks %v, missed %v, complete %t", p.Blockers, p.Look, p.Missed, p.Complete())
	}
}

func TestOpen(t *testing.T) {
	s := newShop(t)
	for name, c := range map[string]struct {
		change func(*shop)
		open   bool
	}{
		"complete": {func(*shop) {}, false},
		"a candidate is there, and nothing else": {
			func(s *shop) { s.image(func(i *world.Image) { i.Tags[record.TagStage] = "1:candidate" }) }, false,
		},
		"a candidate is there, and a copy": {func(s *shop) {
			s.other("1.2.3", record.StageRelease, false)
			s.image(func(i *world.Image) { i.Tags[record.TagStage] = "1:candidate" })
		}, true},
		"a change set is pending": {func(s *shop) {
			s.set("cs1", s.ours("add"), world.Preparing)
		}, true},
		"a change set failed": {func(s *shop) { s.set("cs1", s.ours("add"), world.SetFailed, world.ServerFault) }, true},
		"it failed, then succeeded": {func(s *shop) {
			s.set("cs1", s.ours("add"), world.SetFailed)
			s.set("cs2", s.ours("add"), world.Succeeded)
		}, false},
		"only its trial has passed":   {func(s *shop) { s.set("cs1", s.ours("validate"), world.Succeeded) }, true},
		"somebody's failed":           {func(s *shop) { s.set("cs1", "somebody's", world.SetFailed) }, false},
		"of another release, pending": {func(s *shop) { s.set("cs1", "amiship p v1.2.30 premium add 000000000000", world.Preparing) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s = newShop(t)
			c.change(s)
			if got := reconcile.Open("p", s.d.Listings, s.w); slices.Contains(got, "v1.2.3") != c.open {
				t.Errorf("got %v, want open: %t", got, c.open)
			}
		})
	}
}

// TestAProductInFewerRegions: regions of the release in which buyers can't launch the product
// are noted, until the version is there.
func TestAProductInFewerRegions(t *testing.T) {
	for what, c := range map[string]struct {
		regions []string
		want    string
	}{
		"not said": {nil, ""},
		"in all":   {[]string{"us-east-1", "eu-west-1"}, ""},
		"in fewer": {[]string{"eu-west-1"}, "listing premium: buyers can't launch Product in 1 of the catalog's 1 regions: us-east-1: AddRegions offers the product there"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShop(t)
			s.listing(func(l *world.Listing) { l.Entity.Val.Regions = c.regions })
			notes := strings.Join(reconcile.Reconcile(s.d, s.w, s.r).Notes, "\n")
			if strings.Contains(notes, "buyers can't launch") != (c.want != "") || !strings.Contains(notes, c.want) {
				t.Errorf("notes %q, want %q", notes, c.want)
			}
		})
	}
}
