package apply

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// TestTheOthersCopyIsOnALaterPage: a copy of another run is seen on whatever page it is, and
// no call is made without a limit.
func TestTheOthersCopyIsOnALaterPage(t *testing.T) {
	const empty, other = `<imagesSet/><nextToken>more</nextToken>`, `<imagesSet><item><imageId>ami-theirs</imageId></item></imagesSet>`
	a := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := empty
		if r.FormValue("NextToken") == "more" {
			body = other
		}
		if r.FormValue("MaxResults") == "" {
			t.Errorf("%s has no MaxResults", r.Form)
		}
		fmt.Fprintf(w, `<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">%s</DescribeImagesResponse>`, body)
	}))
	key := release.Key{Image: "p", Arch: "amd64", Place: release.Place{Region: "eu-west-1"}}
	act := plan.Action{ID: plan.StepID(plan.Copy, key), Target: key, Change: plan.CopyImage{Image: plan.Image{Name: "P 1.2.0"}, Tags: map[string]string{record.TagTag: "1:v1.2.0"}}}
	if err := (copies{targets: targets{clients: a.Clients, desired: &release.Desired{}}}).notThere(t.Context(), act); !errors.Is(err, ErrChanged) {
		t.Errorf("it ends with %v", err)
	}
}
