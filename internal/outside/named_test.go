package outside

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
)

// store answers as SSM and EC2 do of parameters by their descriptions and values, and
// of AMIs that exist.
type store struct {
	descriptions, values map[string]string
	exist                []string
	denied               bool
}

func (s store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	type parameter struct{ Name, Description, Value string }
	var all []parameter
	for name, value := range s.values {
		all = append(all, parameter{name, s.descriptions[name], value})
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case action == "DescribeParameters" && s.denied:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "AccessDeniedException", "Message": "no ssm:DescribeParameters"}`)
	case action != "":
		_ = json.NewEncoder(w).Encode(map[string]any{"Parameters": all})
	default:
		fmt.Fprint(w, "<DescribeImagesResponse><imagesSet>")
		for _, id := range s.exist {
			fmt.Fprintf(w, "<item><imageId>%s</imageId></item>", id)
		}
		fmt.Fprint(w, "</imagesSet></DescribeImagesResponse>")
	}
}

// TestParametersOfWhatIsGone: a parameter is the project's by its description or its
// name, and wrong if it names an AMI that exists nowhere.
func TestParametersOfWhatIsGone(t *testing.T) {
	of := record.ParameterDescription
	s := store{
		values: map[string]string{
			"/p/1.0.0": "ami-gone", "/renamed": "ami-gone", "/p/1.1.0": "ami-1", "/others": "ami-gone", "/q/1.0.0": "ami-gone", "/p/text": "ami-gone",
		},
		descriptions: map[string]string{"/renamed": of("p"), "/q/1.0.0": of("p-agent"), "/p/1.1.0": of("p")},
		exist:        []string{"ami-1"},
	}
	found, notes := dangling(t, s)
	want := []string{
		"no /p/1.0.0, or an AMI that exists: ami-gone, which does not exist",
		"no /renamed, or an AMI that exists: ami-gone, which does not exist",
	}
	if diff := cmp.Diff(want, found); diff != "" || len(notes) > 0 {
		t.Errorf("notes %q, findings %s", notes, diff)
	}
	s.denied = true
	if found, notes := dangling(t, s); len(found) > 0 || len(notes) != 1 || !strings.Contains(notes[0], "ssm:DescribeParameters") {
		t.Errorf("denied: %q, notes %q", found, notes)
	}
}

func dangling(t *testing.T, s store) (found, notes []string) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIAEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	a := Audit{Owner: clients, Customer: clients, Desired: release.Desired{Project: "p", Forms: []release.Form{{Parameters: []string{`^/p/[0-9.]+$`}}}}}
	seen, err := a.Parameters(t.Context(), []string{"us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range seen.Findings {
		found = append(found, f.Want+": "+f.Got)
	}
	return found, seen.Notes
}
