package boottest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/wire/wiretest"
)

// keyring is EC2 with at most one key pair, whose name is not asked.
type keyring struct {
	there bool
	calls []string
}

func (k *keyring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	k.calls = append(k.calls, form.Get("Action"))
	switch {
	case form.Get("Action") == "DeleteKeyPair":
		k.there = false
		fmt.Fprint(w, "<DeleteKeyPairResponse><return>true</return></DeleteKeyPairResponse>")
	case k.there:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "<Response><Errors><Error><Code>InvalidKeyPair.Duplicate</Code><Message>no</Message></Error></Errors></Response>")
	default:
		k.there = true
		fmt.Fprint(w, "<CreateKeyPairResponse><keyMaterial>PEM</keyMaterial></CreateKeyPairResponse>")
	}
}

// TestNewKeyPair: a key pair whose key got lost with the answer is replaced.
func TestNewKeyPair(t *testing.T) {
	for name, c := range map[string]struct {
		there bool
		calls []string
	}{
		"there is none":          {false, []string{"CreateKeyPair"}},
		"an answer had got lost": {true, []string{"CreateKeyPair", "DeleteKeyPair", "CreateKeyPair"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := &keyring{there: c.there}
			srv := httptest.NewServer(k)
			defer srv.Close()
			client := ec2.New(ec2.Options{
				BaseEndpoint: &srv.URL, Region: "us-east-1", Retryer: aws.NopRetryer{}, HTTPClient: wiretest.Eager{}, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""),
			})
			key, err := NewKeyPair(t.Context(), client, "amiship-x", nil)
			if err != nil || string(key) != "PEM" || !slices.Equal(k.calls, c.calls) {
				t.Errorf("got %q, %v, by %v; want it by %v", key, err, k.calls, c.calls)
			}
		})
	}
}
