package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/reconcile"
	"amiship/internal/record"
)

func TestHistory(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	ann, bob := &record.Actor{ARN: "arn:ann", URL: "https://ci/1", User: "ann"}, &record.Actor{ARN: "arn:bob"}
	entry := func(what, region string, after time.Duration, by *record.Actor) reconcile.Entry {
		return reconcile.Entry{What: what, Variant: "a/amd64", Region: region, At: at.Add(after), By: by}
	}
	unknown := reconcile.Entry{What: "shared", Variant: "a/amd64", Region: "eu-west-1"}
	listed := reconcile.Entry{What: "listed", Listing: "pro", Region: "us-east-1", At: at, End: at.Add(26 * time.Hour), Note: "add set1 SUCCEEDED"}
	var out strings.Builder
	History(&out, "p", "v1", []reconcile.Entry{
		unknown, entry("copied", "us-east-1", 0, nil), entry("copied", "eu-west-1", 0, nil),
		entry("published", "us-east-1", time.Minute, ann), entry("published", "eu-west-1", 2*time.Minute, ann), entry("published", "eu-west-2", 2*time.Minute, bob),
		listed,
	})
	want := `p v1
  WHAT       OF       REGIONS    WHEN (UTC)                                  WHO
  shared     a/amd64  eu-west-1  unknown                                     unknown
  copied     a/amd64  2 regions  2026-12-01 10:00:00                         unknown
  published  a/amd64  2 regions  2026-12-01 10:01:00 to 2026-12-01 10:02:00  arn:ann, CI user ann, https://ci/1
  published  a/amd64  eu-west-2  2026-12-01 10:02:00                         arn:bob
  listed     pro      us-east-1  2026-12-01 10:00:00 to 2026-12-02 12:00:00  unknown (add set1 SUCCEEDED)
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if History(&out, "p", "v1", nil); !strings.Contains(out.String(), "AWS has nothing of it") {
		t.Error(out.String())
	}
}
