package observe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestUnfitParameters: the type and the labels of the oldest version are read of parameters
// that have as many versions as SSM keeps, and of no others.
func TestUnfitParameters(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetParameterHistory") {
			asked++
			fmt.Fprint(w, `{"Parameters": [{"Version": 8}, {"Version": 7, "Labels": ["prod"]}, {"Version": 9}]}`)
			return
		}
		fmt.Fprint(w, `{"Parameters": [
			{"Name": "/plain", "Type": "String", "Value": "ami-1", "Version": 99},
			{"Name": "/secret", "Type": "SecureString", "Value": "xx", "Version": 100},
			{"Name": "/full", "Type": "String", "Value": "ami-2", "Version": 106}]}`)
	}))
	defer srv.Close()
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIAEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	o := &Observer{Clients: clients}
	o.Desired.Variants = []release.Variant{{Parameters: []release.Parameter{{Name: "/plain"}, {Name: "/secret"}, {Name: "/full"}}}}
	_, unfit, err := o.params(t.Context(), "us-east-1")
	want := map[string]world.UnfitParameter{"/secret": {Type: "SecureString"}, "/full": {Labels: []string{"prod"}, Version: 7}}
	if diff := cmp.Diff(want, unfit); err != nil || diff != "" || asked != 1 {
		t.Errorf("%v, %d calls for labels (-want +got)\n%s", err, asked, diff)
	}
}
