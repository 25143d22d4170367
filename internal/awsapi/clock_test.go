package awsapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// strict is AWS with a clock of its own: it refuses what was signed five minutes away
// from it, if it minds, and everything if it knows no caller.
type strict struct {
	ahead          time.Duration
	minds, unknown bool
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now().Add(s.ahead)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	signed, _ := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if s.unknown || s.minds && now.Sub(signed).Abs() > 5*time.Minute {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>")
		return
	}
	fmt.Fprint(w, "<DescribeVpcsResponse></DescribeVpcsResponse>")
}

// TestSkew: a clock that is wrong is noticed when AWS minds, and no longer than that.
func TestSkew(t *testing.T) {
	for name, c := range map[string]struct {
		aws  strict
		fail bool
		want time.Duration
	}{
		"right":                          {strict{0, true, false}, false, 0},
		"behind":                         {strict{20 * time.Minute, true, false}, false, 20 * time.Minute},
		"ahead":                          {strict{-20 * time.Minute, true, false}, false, -20 * time.Minute},
		"behind, and AWS accepts it":     {strict{26 * time.Hour, false, false}, false, 0},
		"wrong keys":                     {strict{0, true, true}, true, 0},
		"wrong keys, as far as is known": {strict{20 * time.Minute, true, true}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(&c.aws)
			defer srv.Close()
			clients, err := LoadAs(t.Context(), "eu-west-1", Caller{Endpoint: srv.URL, KeyID: "AKIA", Secret: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			look := func() error {
				_, err := clients.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
				return err
			}
			if err := look(); (err != nil) != c.fail || IsRegionOff(err) != c.fail {
				t.Errorf("the call ends with %v; want it to fail: %v", err, c.fail)
			}
			if got := clients.Skew().Round(time.Minute); got != c.want {
				t.Errorf("the clock is %v behind, want %v", got, c.want)
			}
			c.aws.ahead, c.aws.unknown = 0, false
			if err := look(); err != nil || clients.Skew() != 0 {
				t.Errorf("when it is set right, %v, it is %v behind", err, clients.Skew())
			}
		})
	}
}
