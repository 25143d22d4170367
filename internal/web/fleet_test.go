package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"amiship/internal/view"
	"amiship/internal/web/webtest"
)

// TestFleet: several projects have a page of all, and each its own pages; numbers and health
// are of all of them.
func TestFleet(t *testing.T) {
	one, two := webtest.Troubled(), webtest.Troubled()
	one.Project, two.Project = "one", "two"
	one.AWS.Partition, two.AWS.Partition = "aws", "aws"
	var fail error
	watches := []*Watch{
		NewWatch("one", func(context.Context) (view.View, error) { return one, nil }, error.Error),
		NewWatch("two", func(context.Context) (view.View, error) { return two, fail }, error.Error).Named("two@gov"),
	}
	s := httptest.NewServer(Handler(Access{}, watches...))
	t.Cleanup(s.Close)
	if answer, body := get(t, "GET", s.URL+"/status.json", ""); answer.StatusCode != 503 || !strings.Contains(body, "AWS is being read") {
		t.Errorf("before AWS was read: %d %s", answer.StatusCode, body)
	}
	watches[0].Read(t.Context())
	if _, body := get(t, "GET", s.URL+"/", ""); !strings.Contains(body, "two@gov needs attention.") || !strings.Contains(body, "one needs a person.") {
		t.Errorf("one that was not read hides the other: %s", body)
	}
	if answer, _ := get(t, "GET", s.URL+"/status.json", ""); answer.StatusCode != 200 {
		t.Errorf("one that was not read hides the other: %d", answer.StatusCode)
	}
	watches[1].Read(t.Context())
	tag := one.Releases[0].Tag
	for path, want := range map[string]string{
		"/":                      `href="p/two@gov/"`,
		"/p/one/":                `href="../../">All projects`,
		"/p/one/release/" + tag:  `href="../../../">All projects`,
		"/p/two@gov/status.json": `"project":"two"`,
		"/p/one/style.css":       "--ink",
		"/icon-ok.svg":           "<svg",
		"/healthz":               "ok",
		"/metrics":               `amiship_open_releases{project="two@gov"}`,
		"/p/one/metrics":         `amiship_open_releases{project="one"}`,
	} {
		if answer, body := get(t, "GET", s.URL+path, ""); answer.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, no %q in %.2000s", path, answer.StatusCode, want, body)
		}
	}
	for _, path := range []string{"/p/none/", "/p/", "/release/" + tag, "/p/one/release/none"} {
		if answer, _ := get(t, "GET", s.URL+path, ""); answer.StatusCode != 404 {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
	var all view.Fleet
	_, body := get(t, "GET", s.URL+"/status.json", "")
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all.Views) != 2 || len(all.Accounts) != 1 || len(all.Accounts[0].Quotas) == 0 {
		t.Fatalf("%v\n%.3000s", err, body)
	}
	shared := all.Accounts[0].Quotas[0]
	_, page := get(t, "GET", s.URL+"/p/one/status.json", "")
	var alone view.View
	if err := json.Unmarshal([]byte(page), &alone); err != nil {
		t.Fatal(err)
	}
	for _, q := range alone.Quotas {
		if q.Region == shared.Region && q.Reserved != shared.Reserved {
			t.Errorf("%s: %d are reserved on the project's page, %d of all", q.Region, q.Reserved, shared.Reserved)
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	_, text := get(t, "GET", s.URL+"/metrics", "")
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil || len(families["amiship_open_releases"].GetMetric()) != 2 {
		t.Errorf("%v\n%s", err, text)
	}

	fail = errors.New("no credentials")
	watches[1].Read(t.Context())
	if answer, body := get(t, "GET", s.URL+"/healthz", ""); answer.StatusCode != 503 || !strings.Contains(body, "no credentials") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if _, body := get(t, "GET", s.URL+"/", ""); !strings.Contains(body, "no credentials") {
		t.Errorf("the page of all does not say what is wrong: %s", body)
	}
}

// TestFleetTells: a viewer of all projects hears of each, and leaves all when it goes.
func TestFleetTells(t *testing.T) {
	var watches []*Watch
	for _, name := range []string{"one", "two"} {
		watches = append(watches, NewWatch(name, func(context.Context) (view.View, error) { return webtest.Troubled(), nil }, error.Error))
	}
	changed, leave := newFleet(watches).join()
	for _, w := range watches {
		w.Read(t.Context())
		<-changed
	}
	leave()
	for _, w := range watches {
		if len(w.viewers) != 0 {
			t.Errorf("%s still has a viewer", w.page().Name)
		}
	}
}
