package awsapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// wrapped is an API error as the SDK returns it, with what we say around it.
func wrapped(code string, status int) error {
	api := &smithy.GenericAPIError{Code: code, Message: "so it is"}
	resp := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: api}
	return fmt.Errorf("copy ami-1 to eu-west-1: %w", &smithy.OperationError{ServiceID: "EC2", OperationName: "CopyImage", Err: resp})
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"an API error": {wrapped("InvalidAMIID.NotFound", 400), "copy ami-1 to eu-west-1: InvalidAMIID.NotFound: so it is"},
		"another":      {errors.New("disk full"), "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Text(c.err); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestIsTransient(t *testing.T) {
	refused := &url.Error{Op: "Post", URL: "http://127.0.0.1:1/", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"throttled":            {wrapped("RequestLimitExceeded", 503), true},
		"AWS's own fault":      {wrapped("SomethingNew", 500), true},
		"nothing answers":      {fmt.Errorf("copy: %w", refused), true},
		"not allowed":          {wrapped("UnauthorizedOperation", 403), false},
		"the quota is used up": {wrapped("ResourceLimitExceeded", 400), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := IsTransient(c.err); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	if got := Unreachable(refused); got != "http://127.0.0.1:1" {
		t.Errorf("unreachable: %q", got)
	}
}

// TestClock: AWS's time counts, but not the fraction of a second that its
// header does not have.
func TestClock(t *testing.T) {
	for name, c := range map[string]struct{ ahead, want time.Duration }{
		"the same":        {0, 0},
		"half a second":   {500 * time.Millisecond, 0},
		"an hour ahead":   {time.Hour, time.Hour},
		"ten days behind": {-240 * time.Hour, -240 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			cl := &clock{}
			cl.see(time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
			if off := time.Until(cl.now()) - c.want; off > 2*time.Second || off < -2*time.Second {
				t.Errorf("off by %v", off)
			}
		})
	}
}
