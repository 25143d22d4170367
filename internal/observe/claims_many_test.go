package observe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// TestManyClaims: a filter takes 200 values, and however many claims there are, the instances
// of all are found.
func TestManyClaims(t *testing.T) {
	found := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		var items strings.Builder
		n := 0
		for key, v := range r.Form {
			if !strings.HasPrefix(key, "Filter.1.Value.") {
				continue
			}
			n++
			fmt.Fprintf(&items, `<item><instancesSet><item><instanceId>i-%s</instanceId><groupSet><item><groupId>%s</groupId></item></groupSet></item></instancesSet></item>`, v[0], v[0])
		}
		if n > 200 {
			t.Errorf("a filter has %d values", n)
		}
		fmt.Fprintf(w, `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>%s</reservationSet></DescribeInstancesResponse>`, &items)
	}))
	defer srv.Close()
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIAEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	var claims []world.Claim
	for i := range 450 {
		claims = append(claims, world.Claim{Group: fmt.Sprintf("sg-%d", i)})
	}
	if err := (&Observer{Clients: clients}).builders(t.Context(), clients.EC2("us-east-1"), claims); err != nil {
		t.Fatal(err)
	}
	for _, c := range claims {
		if len(c.Instances) == 1 && c.Instances[0] == "i-"+c.Group {
			found++
		}
	}
	if found != len(claims) {
		t.Errorf("%d of %d claims have their instance", found, len(claims))
	}
}
