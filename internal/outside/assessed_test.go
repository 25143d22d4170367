package outside

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/sandbox/sandboxtest"
)

// TestAssessed: what Marketplace has found in a version since is a finding; that its assessment
// expires soon is a note.
func TestAssessed(t *testing.T) {
	box := sandboxtest.Start(t, `
marketplace:
  products: [{id: prod-abcdefghijklm, title: Pro, account: vendor, versions: [{title: "1.0", created: 20d}, {title: "2.0", created: 20d}, {title: "3.0"}]}]
  assessments:
    - {product: prod-abcdefghijklm, version: "1.0", after: 1d, failed: [{control: malware, message: found}]}
    - {product: prod-abcdefghijklm, version: "1.0"}
    - {product: prod-abcdefghijklm, version: "2.0"}
settings: {marketplace: {assessment_valid: 600h}}
`)
	key := box.Key(t, "vendor")
	owner, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	for title, c := range map[string]struct {
		notice      time.Duration
		found, note string
	}{
		"1.0": {0, "listing pro: assessment FAIL of 20", ""},
		"2.0": {6 * 24 * time.Hour, "", `assessment of "2.0" expires 20`},
		"3.0": {6 * 24 * time.Hour, "", ""},
	} {
		s := shelf{Audit: Audit{Owner: owner}, Listing: release.Listing{Name: "pro", Product: "prod-abcdefghijklm", AssessmentNotice: c.notice}}
		s.Version.Title = title
		p, err := productOf(t.Context(), owner, s.Listing)
		if err != nil {
			t.Fatal(err)
		}
		_, options, _ := p.of(title)
		s.assessed(t.Context(), options[0])
		var found []string
		for _, d := range s.found {
			found = append(found, d.What+" "+d.Got)
		}
		if got := strings.Join(found, "; "); (c.found == "") != (got == "") || !strings.Contains(got, c.found) {
			t.Errorf("%s: found %q, want %q", title, got, c.found)
		}
		if got := strings.Join(s.notes, "; "); (c.note == "") != (got == "") || !strings.Contains(got, c.note) {
			t.Errorf("%s: noted %q, want %q", title, got, c.note)
		}
		if title == "1.0" && !strings.Contains(found[0], "malware found") {
			t.Errorf("the control is not named: %q", found[0])
		}
	}
}
