// Package web draws a view as HTML: the dashboard that serve shows, and the still pictures
// that report writes.
//
// It only reads. What a page says comes from the view and from nothing else; what changes AWS
// is a command to be copied. Pages are complete without JavaScript.
package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/view"
)

type timestamp = time.Time

// page is what one page is drawn from.
type page struct {
	Name string // of the project, among those that are served
	Up   string // of the page of all projects; empty: there is none
	// Accounts are those of the page of all projects, in words.
	Accounts string
	View     view.View
	Now      time.Time
	Trouble  string // why AWS could not be read last; the view is older then
	Root     string // of links: "" or "../"
	Live     bool   // a server is behind it, which tells of changes
	Public   bool   // for customers: nothing private
	files    bool   // links lead to files
}

// render draws a component.
func render(ctx context.Context, c templ.Component) ([]byte, error) {
	var b bytes.Buffer
	err := c.Render(ctx, &b)
	return b.Bytes(), err
}

// dashboard is the page of a project.
func (p page) dashboard(ctx context.Context) ([]byte, error) {
	return render(ctx, document(p, p.headline()+" · "+p.project(), dashboard(p)))
}

// release is the page of one release; ok is false if there is none of that tag.
func (p page) release(ctx context.Context, tag string) (html []byte, ok bool, err error) {
	i := slices.IndexFunc(p.View.Releases, func(r view.Release) bool { return r.Tag == tag })
	if i < 0 {
		return nil, false, nil
	}
	html, err = render(ctx, document(p, tag+" · "+p.project(), releasePage(p, p.View.Releases[i])))
	return html, true, err
}

func (p page) customers(ctx context.Context) ([]byte, error) {
	return render(ctx, document(p, "Public AMIs of "+p.project(), customers(p)))
}

func (p page) level() view.Level {
	if p.Trouble != "" && p.View.Level != view.Stopped {
		return view.Warn
	}
	return cmp.Or(p.View.Level, view.OK)
}

func (p page) headline() string {
	if p.View.Read.At.IsZero() {
		if p.Trouble != "" {
			return "AWS could not be read."
		}
		return "AWS is being read."
	}
	return p.View.Headline
}

func (p page) project() string { return cmp.Or(p.View.Project, "amiship") }

func (p page) home() string {
	if p.files {
		return "index.html"
	}
	return cmp.Or(p.Root, "./")
}

func (p page) releaseURL(tag string) string {
	if p.files {
		return ReleaseFile(tag)
	}
	return p.Root + "release/" + url.PathEscape(tag)
}

// ReleaseFile is the name of a release's page among files.
func ReleaseFile(tag string) string { return "release-" + slug(tag) + ".html" }

// slug spells a text by letters, digits, dots and hyphens alone; two texts have two.
func slug(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "_%x", r)
		}
	}
	return b.String()
}

func (p page) account() string {
	if p.Accounts != "" {
		return p.Accounts
	}
	a := p.View.AWS
	text := "account " + cmp.Or(a.Account, "unknown")
	if a.Alias != "" {
		text += " (" + a.Alias + ")"
	}
	return text
}

// ago is how old the view is, in seconds: what the page shows is counted from there.
func (p page) ago() int {
	if p.View.Read.At.IsZero() {
		return 0
	}
	return max(0, int(p.Now.Sub(p.View.Read.At).Seconds()))
}

func (p page) open() []view.Release {
	return slices.DeleteFunc(slices.Clone(p.View.Releases), func(r view.Release) bool { return !r.State.IsOpen() })
}

func (p page) nothingOpen() string {
	switch {
	case len(p.View.Releases) == 0 && len(p.View.Unread) > 0:
		return "Whether there are releases is not known: not all could be read."
	case len(p.View.Releases) == 0:
		return "There are no releases yet. amiship plan TAG shows what one would do, amiship release TAG does it."
	}
	return "None: everything that was begun is complete."
}

// published are the releases with public AMIs, with those alone.
func (p page) published() []view.Release {
	var out []view.Release
	for _, r := range p.View.Releases {
		r.AMIs = slices.DeleteFunc(slices.Clone(r.AMIs), func(a view.AMI) bool { return a.State != view.Public })
		if len(r.AMIs) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// launchable: an AMI of a sandbox has no console.
func (p page) launchable(a view.AMI) bool {
	return !p.View.AWS.Sandbox && p.View.AWS.Endpoint == "" && slices.Contains([]view.AMIState{view.Copied, view.Shared, view.Public}, a.State)
}

// consoles are AWS's, by partition.
var consoles = map[string]string{"aws-us-gov": "console.amazonaws-us-gov.com", "aws-cn": "console.amazonaws.cn", "aws-eusc": "console.amazonaws-eusc.eu"}

func launchURL(partition string, a view.AMI) string {
	host := cmp.Or(consoles[partition], "console.aws.amazon.com")
	return "https://" + host + "/ec2/home?region=" + url.QueryEscape(a.Region) + "#LaunchInstances:ami=" + url.QueryEscape(a.ID)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return plan.Moment(t)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func sinceText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + plan.Moment(t)
}

func usualText(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return "; it usually takes " + duration(seconds)
}

func untilText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", until " + t.Format(time.DateOnly)
}

// duration spells seconds in the two largest units: "3 h 20 min".
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func took(r view.Release) string {
	if r.State.IsOpen() || r.Began.IsZero() || r.Ended.IsZero() || !r.Ended.After(r.Began) {
		return "unknown"
	}
	return duration(r.Ended.Sub(r.Began).Seconds())
}

func short(commit string) string {
	if commit == "" {
		return "unknown"
	}
	return commit[:min(len(commit), 8)]
}

func progress(r view.Release) string {
	text := fmt.Sprintf("Ready in %d of %d required regions.", r.Ready, r.Required)
	if r.Next != "" {
		text += " Next: " + r.Next + "."
	}
	return text
}

func recordedText(r view.Release) string {
	text := "Begun " + moment(r.Began)
	if !r.Ended.IsZero() && !r.State.IsOpen() {
		text += ", the last change recorded " + moment(r.Ended)
	}
	if r.Commit != "" {
		text += ", by the catalog of commit " + short(r.Commit)
	}
	return text + "."
}

func stateText(r view.Release) string {
	if r.Adopted {
		return string(r.State) + ", adopted"
	}
	return string(r.State)
}

func pillOf(s view.ReleaseState) string {
	switch s {
	case view.Complete:
		return "ok"
	case view.Held, view.Unplanned:
		return "bad"
	case view.Open:
		return "run"
	}
	return "warn"
}

func pillOfStep(state string) string {
	return map[string]string{string(plan.Done): "ok", string(plan.Failed): "bad", string(plan.Blocked): "bad", string(plan.Skipped): "warn"}[state]
}

func pillOfSet(s view.ChangeSet) string {
	switch {
	case s.Pending:
		return "run"
	case s.Status == "SUCCEEDED":
		return "ok"
	case s.Status == "FAILED":
		return "bad"
	}
	return "warn"
}

// sign is what a level is shown by, besides its word and its color.
func sign(l view.Level) string {
	return map[view.Level]string{view.OK: "✓", view.Working: "→", view.Warn: "!", view.Stopped: "✕"}[l]
}

func word(l view.Level) string {
	return map[view.Level]string{view.OK: "All is well", view.Working: "Under way", view.Warn: "Attention", view.Stopped: "Stopped"}[l]
}

func elsewhereText(e reconcile.Elsewhere) string {
	if e.Nothing() {
		return "What is left in " + e.Region + ", which the catalog does not name, could not be read: " + e.Err
	}
	return fmt.Sprintf("In %s, which the catalog does not name, there are %d AMIs (%d public), %d snapshots of %d GiB, %d parameters: amiship retire --region %s ends them.",
		e.Region, e.AMIs, e.Public, e.Snapshots, e.GiB, e.Parameters, e.Region)
}

// firstOf is at most n of all.
func firstOf[T any](all []T, n int) []T { return all[:min(n, len(all))] }

// basesText says what the next releases are built from: variants of one base together.
func basesText(p page) []string {
	var order []string
	variants := map[string][]string{}
	for _, b := range p.View.NextBases {
		text := b.Text(p.View.Read.At)
		if variants[text] == nil {
			order = append(order, text)
		}
		variants[text] = append(variants[text], b.Variant)
	}
	var out []string
	for _, text := range order {
		out = append(out, "The base of the next "+strings.Join(variants[text], ", ")+": "+text)
	}
	return out
}

// joined are the texts that are not empty, with commas.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")
}
