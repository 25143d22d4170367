package view_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/web"
	"amiship/internal/world"
)

// shown is one view, as text, JSON, page and metrics.
type shown struct {
	view.View
	text, json, page, metrics string
}

// show draws a view in every way that there is.
func show(t *rapid.T, v view.View) shown {
	ctx := context.Background()
	watch := web.NewWatch(v.Project, func(context.Context) (view.View, error) { return v, nil }, error.Error)
	watch.Read(ctx)
	handler := web.Handler(web.Access{}, watch)
	get := func(path string) string {
		r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost"+path, nil)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code != 200 {
			t.Fatalf("%s: %d", path, answer.Code)
		}
		return answer.Body.String()
	}
	var text bytes.Buffer
	report.Status(&text, v)
	return shown{v, text.String(), get("/status.json"), get("/"), get("/metrics")}
}

// awkward are texts that may be taken for something else.
var awkward = []string{"plain", `<script>alert("x")</script>`, `it's "quoted" & \more`, "a line\nand another", strings.Repeat("x", 128)}

// drawnSources are of any world: releases in every state, regions and listings that could not
// be read, blockers, quotas and change sets, under awkward names.
func drawnSources(t *rapid.T) view.Sources {
	draw := func(what string, n int) int { return rapid.IntRange(0, n).Draw(t, what) }
	name := func(what string) string { return rapid.SampledFrom(awkward).Draw(t, what) }
	images := map[string][]world.Image{}
	for n := range draw("images", 20) {
		region := rapid.SampledFrom(regions).Draw(t, "region")
		images[region] = append(images[region], drawnImage(t, n))
	}
	s := view.Sources{Project: project, Targets: targets(), World: worldOf(images, rapid.SampledFrom(append([]string{""}, regions...)).Draw(t, "unread"))}
	s.Read = view.Read{At: now, Seconds: 1, Calls: draw("calls", 99)}
	s.AWS = view.AWS{Account: "123456789012", Alias: name("alias"), Sandbox: draw("sandbox", 1) == 1}
	for _, q := range []string{"eu-west-1", "sa-east-1"}[:draw("throttled", 2)] {
		s.World.Throttled[world.Query{Kind: world.LookImages, Region: q}] = true
	}
	for i, tag := range []string{"v2.0.0", "v2.1.0"}[:draw("open", 2)] {
		s.Open = append(s.Open, view.Planned{Tag: tag, Desired: desired(tag), Plan: drawnPlan(t, tag)})
		if draw("unplanned", 4) == 0 {
			s.Open[i].Err = name("error")
		}
	}
	if draw("next", 2) > 0 {
		s.Next = []plan.Plan{drawnPlan(t, "v3.0.0")}
	}
	for i := range draw("listings", 3) {
		s.Products = append(s.Products, drawnProduct(t, fmt.Sprintf("%s %d", strings.ReplaceAll(name("listing"), "\n", " "), i)))
	}
	if draw("paused", 1) == 1 {
		s.Holding = []plan.Blocker{{ID: "pause", Why: name("reason"), Since: now}}
	}
	return s
}

func drawnImage(t *rapid.T, n int) world.Image {
	variant := rapid.SampledFrom([]string{"free/amd64", "paid/amd64"}).Draw(t, "variant")
	i := image(fmt.Sprintf("ami-%d", n), rapid.SampledFrom([]string{"v1.0.0", "v1.1.0"}).Draw(t, "tag"), variant,
		rapid.SampledFrom([]string{record.StageRelease, record.StageDeprecated, record.StageDemoted, record.StageWithdrawn}).Draw(t, "stage"),
		variant == "free/amd64", rapid.SampledFrom([]string{world.Pending, world.Available, world.Failed, world.Disabled}).Draw(t, "state"))
	i.Reason = rapid.SampledFrom(awkward).Draw(t, "reason")
	if rapid.Bool().Draw(t, "adopted") {
		delete(i.Tags, record.TagInputs)
	}
	return i
}

func drawnPlan(t *rapid.T, tag string) plan.Plan {
	p := plan.Plan{Project: project, Tag: tag, Now: now, Again: "amiship release " + tag}
	states := []plan.State{plan.Done, plan.Running, plan.Ready, plan.Queued, plan.Waiting, plan.Blocked, plan.Failed, plan.Skipped}
	for _, region := range regions {
		for variant := range 2 {
			for _, kind := range []plan.Change{plan.CopyImage{}, plan.ShareImage{}, plan.PublishImage{}} {
				s := step(kind, variant, region, rapid.SampledFrom(states).Draw(t, "state"), "")
				s.Why = rapid.SampledFrom(awkward).Draw(t, "why")
				p.Steps = append(p.Steps, s)
			}
		}
		p.Capacities = append(p.Capacities, plan.Capacity{
			Region: region, Limit: rapid.IntRange(0, 60).Draw(t, "limit"), Used: rapid.IntRange(0, 60).Draw(t, "used"), Reserved: rapid.IntRange(0, 4).Draw(t, "reserved"), Each: 1,
		})
	}
	for _, id := range []string{"quota/eu-west-1", "quota/us-east-1", "assessment/paid"}[:rapid.IntRange(0, 3).Draw(t, "blockers")] {
		p.Blockers = append(p.Blockers, plan.Blocker{ID: id, Why: rapid.SampledFrom(awkward).Draw(t, "why"), Holds: []plan.ID{p.Steps[0].ID}})
	}
	return p
}

func drawnProduct(t *rapid.T, name string) reconcile.Product {
	p := reconcile.Product{Name: name, Product: "prod-1", Title: rapid.SampledFrom(awkward).Draw(t, "title"), Limit: 100}
	if rapid.IntRange(0, 3).Draw(t, "unread listing") == 0 {
		p.Err = "AccessDenied: " + rapid.SampledFrom(awkward).Draw(t, "why")
		return p
	}
	p.Offered = rapid.IntRange(0, 100).Draw(t, "offered")
	p.Left = 100 - p.Offered
	for i := range rapid.IntRange(0, 3).Draw(t, "assessed") {
		p.Assessed = append(p.Assessed, reconcile.Assessed{Title: fmt.Sprintf("%s %d", p.Title, i), Failed: rapid.Bool().Draw(t, "failed"), Created: now})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "sets") {
		set := world.ChangeSet{ID: fmt.Sprint("cs-", i), Status: rapid.SampledFrom([]string{"PREPARING", "SUCCEEDED", "FAILED"}).Draw(t, "status"), Start: now.Add(-time.Duration(i+1) * time.Hour)}
		p.ChangeSets = append(p.ChangeSets, reconcile.ProductSet{ChangeSet: set, What: rapid.SampledFrom(awkward).Draw(t, "what")})
	}
	return p
}

// TestAllTellTheSame: text, JSON, page and metrics of any world tell the same numbers, and
// nothing in a name is taken for markup.
func TestAllTellTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := show(t, view.New(drawnSources(t)))
		s.sameJSON(t)
		s.sameReleases(t)
		s.sameCapacity(t)
		s.sameTrouble(t)
		if strings.Contains(s.page, "<script>alert") {
			t.Error("the page has a name as markup")
		}
	})
}

// sameJSON: what is read back is the view, and the server's note of its pace.
func (s shown) sameJSON(t *rapid.T) {
	var back view.View
	if err := json.Unmarshal([]byte(s.json), &back); err != nil {
		t.Fatal(err)
	}
	back.Notes = slices.DeleteFunc(back.Notes, func(note string) bool { return strings.HasPrefix(note, "AWS refuses reads for their rate") })
	want, _ := json.Marshal(s.View)
	if got, _ := json.Marshal(back); !bytes.Equal(got, want) {
		t.Errorf("the JSON is\n%s\nwant\n%s", got, want)
	}
}

// sameReleases: of each its state and sums, and how many are open.
func (s shown) sameReleases(t *rapid.T) {
	page := flat(s.page)
	for _, r := range s.Releases {
		state := string(r.State)
		if r.Adopted {
			state += ", adopted"
		}
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^%s +%s +\S+ \S+ +%d of %d +%d +%d `, regexp.QuoteMeta(r.Tag), state, r.Ready, r.Required, r.Made, r.Public))
		if !row.MatchString(s.text) {
			t.Errorf("the text does not have %s: %s\n%s", r.Tag, row, s.text)
		}
		if cells := fmt.Sprintf(`<td class="n">%d</td><td class="n">%d</td><td class="n">%d</td>`, r.Made, r.Public, len(r.Regions)); !strings.Contains(s.page, cells) {
			t.Errorf("the page does not have %s: %s", r.Tag, cells)
		}
		if r.State.IsOpen() && r.Error == "" {
			s.has(t, "text", fmt.Sprintf("ready in %d of %d required region", r.Ready, r.Required))
			if want := fmt.Sprintf("Ready in %d of %d required regions.", r.Ready, r.Required); !strings.Contains(page, want) {
				t.Errorf("the page does not have %q", want)
			}
		}
	}
	c := s.Count()
	if got := strings.Count(s.page, `<article class="card" id="release-`); got != c.Open {
		t.Errorf("the page has %d open releases, want %d", got, c.Open)
	}
	s.metric(t, "open_releases", "", c.Open)
	s.metric(t, "held_releases", "", c.Held)
}

// sameCapacity: what is left in regions and of listings, and what Marketplace has found.
func (s shown) sameCapacity(t *rapid.T) {
	assessments := 0
	for i, q := range s.Quotas {
		s.has(t, "page", fmt.Sprintf("%d used", q.Used))
		region := fmt.Sprintf(",region=%q", q.Region)
		s.metric(t, "public_amis_used", region, q.Used)
		s.metric(t, "public_amis_reserved", region, q.Reserved)
		s.metric(t, "public_amis_limit", region, q.Limit)
		s.metric(t, "public_amis_releases_left", region, q.ReleasesLeft)
		if i == 0 {
			s.has(t, "text", fmt.Sprintf("remaining quota for public AMIs: %d release", q.ReleasesLeft))
		}
	}
	for _, l := range s.Listings {
		label := ",listing=" + `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(l.Name) + `"`
		if l.Unread != "" {
			if strings.Contains(s.metrics, label) {
				t.Errorf("the metrics have numbers of %s, which is unread", l.Name)
			}
			continue
		}
		s.has(t, "page", fmt.Sprintf("<strong>%d</strong> of %d versions; capacity for %d more", l.Offered, l.Limit, l.ReleasesLeft))
		failed, _ := l.FailedAssessments()
		pending := len(slices.DeleteFunc(slices.Clone(l.ChangeSets), func(c view.ChangeSet) bool { return !c.Pending }))
		s.metric(t, "listing_versions_offered", label, l.Offered)
		s.metric(t, "failed_assessments", label, failed)
		s.metric(t, "pending_change_sets", label, pending)
		assessments += failed
		if got := strings.Count(s.text, "  FAILED   "+l.Name+": "); got != failed {
			t.Errorf("the text has %d failed assessments of %s, want %d", got, l.Name, failed)
		}
	}
	if got := strings.Count(s.page, ">assessment failed<"); got != assessments {
		t.Errorf("the page has %d failed assessments, want %d", got, assessments)
	}
}

// sameTrouble: what blocks, and what could not be read.
func (s shown) sameTrouble(t *rapid.T) {
	c := s.Count()
	if now, next := strings.Count(s.text, "  BLOCKED  "), strings.Count(s.text, "  AHEAD    "); now != c.BlockersNow || next != c.BlockersNext {
		t.Errorf("the text has %d and %d blockers, want %d and %d", now, next, c.BlockersNow, c.BlockersNext)
	}
	s.metric(t, "blockers", `,when="now"`, c.BlockersNow)
	s.metric(t, "blockers", `,when="next"`, c.BlockersNext)
	s.metric(t, "unread", "", len(s.Unread))
	page := flat(s.page)
	for _, u := range s.Unread {
		s.has(t, "text", u.What+" could not be read: ")
		if want := strings.Join(strings.Fields(u.What+" could not be read: "+u.Why), " "); !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if !strings.Contains(page, strings.Join(strings.Fields(s.Headline), " ")) {
		t.Errorf("the page does not have %q", s.Headline)
	}
	s.has(t, "text", s.Headline)
}

func (s shown) has(t *rapid.T, where, want string) {
	if !strings.Contains(map[string]string{"text": s.text, "page": s.page}[where], want) {
		t.Errorf("the %s does not have %q", where, want)
	}
}

func (s shown) metric(t *rapid.T, name, labels string, want int) {
	if line := fmt.Sprintf("amiship_%s{project=%q%s} %d\n", name, project, labels, want); !strings.Contains(s.metrics, line) {
		t.Errorf("the metrics do not have %s", line)
	}
}

var markup = regexp.MustCompile(`<[^>]*>`)

// flat is the text of a page, with single spaces.
func flat(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(page, ""))), " ")
}
