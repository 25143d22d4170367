package observe

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// Two pages of EC2's, with more in each item than ids.
const (
	firstImages = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>1</requestId>
  <imagesSet>
    <item>
      <imageId>ami-1</imageId><name>&lt;imageId&gt;ami-9&lt;/imageId&gt;</name><sourceImageId>ami-8</sourceImageId>
      <tagSet><item><key>a</key><value>b</value></item></tagSet>
    </item>
    <item><imageId>ami-2</imageId></item>
  </imagesSet>
  <nextToken>more</nextToken>
</DescribeImagesResponse>
`
	lastImages = `<DescribeImagesResponse><imagesSet><item><imageId>ami-3</imageId></item></imagesSet></DescribeImagesResponse>`
	snapshots  = `<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-1</snapshotId><description>d</description></item></snapshotSet></DescribeSnapshotsResponse>`
)

// TestGrants: ids come from all pages; an answer that is none is not taken for an
// empty one, and an error stays AWS's.
func TestGrants(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		first  string
		images map[string]bool
		code   string
		fails  bool
	}{
		"two pages":           {200, firstImages, map[string]bool{"ami-1": true, "ami-2": true, "ami-3": true}, "", false},
		"none":                {200, `<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>`, map[string]bool{}, "", false},
		"cut short":           {200, firstImages[:len(firstImages)/2], nil, "", true},
		"somebody else's":     {200, "<html><body>Log in first.</body>", nil, "", true},
		"a refusal":           {403, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`, nil, "UnauthorizedOperation", true},
		"a refusal, in a 400": {400, `<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>`, nil, "AuthFailure", true},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := grantsOf(t, c.status, c.first)
			if (err != nil) != c.fails || awsapi.Code(err) != c.code {
				t.Fatalf("error %v, want code %q", err, c.code)
			}
			if c.fails {
				return
			}
			if diff := cmp.Diff(world.Grants{Images: c.images, Snapshots: map[string]bool{"snap-1": true}}, g); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
		})
	}
}

// grantsOf asks somebody who answers so for the first page of images.
func grantsOf(t *testing.T, status int, answer string) (world.Grants, error) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.FormValue("Action") == "DescribeSnapshots":
			_, _ = w.Write([]byte(snapshots))
		case r.FormValue("NextToken") == "more":
			_, _ = w.Write([]byte(lastImages))
		default:
			w.WriteHeader(status)
			_, _ = w.Write([]byte(answer))
		}
	}))
	t.Cleanup(srv.Close)
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIA", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	o := Observer{Clients: clients}
	return o.grants(t.Context(), "us-east-1", "111122223333")
}

// TestBare: nothing but ids is left to decode.
func TestBare(t *testing.T) {
	got := string(imageList.bare([]byte(firstImages)))
	const want = "<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId></item><item><imageId>ami-2</imageId></item></imagesSet>" +
		"<nextToken>more</nextToken></DescribeImagesResponse>"
	if got != want {
		t.Errorf("left is %s", got)
	}
	if half := firstImages[:strings.Index(firstImages, "</imagesSet>")]; string(imageList.bare([]byte(half))) != half {
		t.Error("half an answer was changed")
	}
}
