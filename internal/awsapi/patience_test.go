package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const vpcs = "<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>"

// broken answers badly for so many times, and then well.
type broken struct {
	times int64
	how   func(http.ResponseWriter, *http.Request)
	calls atomic.Int64
}

func (b *broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // until then, no one sees the client go
	if b.calls.Add(1) <= b.times {
		b.how(w, r)
		return
	}
	fmt.Fprint(w, vpcs)
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// half sends half of an answer, and then does something else.
func half(then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(vpcs)))
		fmt.Fprint(w, vpcs[:len(vpcs)/2])
		_ = http.NewResponseController(w).Flush()
		then(w, r)
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestAnswersThatDoNotCome: each ends, is repeated, and is transient if that does not
// help.
func TestAnswersThatDoNotCome(t *testing.T) {
	for name, c := range map[string]struct {
		how         func(http.ResponseWriter, *http.Request)
		times       int64
		fails       bool
		calls       int64
		unreachable bool
	}{
		"silent":                  {silent, 1, false, 2, false},
		"silent for ever":         {silent, 99, true, silentAttempts, true},
		"stalled":                 {half(silent), 1, false, 2, false},
		"stalled for ever":        {half(silent), 99, true, silentAttempts, true},
		"cut":                     {half(hangUp), 2, false, 3, false},
		"cut for ever":            {half(hangUp), 99, true, attempts, true},
		"refused":                 {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<a/>", http.StatusServiceUnavailable) }, 2, false, 3, false},
		"empty":                   {func(http.ResponseWriter, *http.Request) {}, 1, false, 2, false},
		"cut by a proxy":          {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, vpcs[:40]) }, 1, false, 2, false},
		"cut by a proxy for ever": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, vpcs[:40]) }, 99, true, attempts, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &broken{how: c.how, times: c.times}
			srv := httptest.NewServer(b)
			defer srv.Close()
			ctx := WithPatience(t.Context(), Patience{Call: 200 * time.Millisecond})
			clients, err := LoadAs(ctx, "eu-west-1", Caller{Endpoint: srv.URL, KeyID: "AKIA", Secret: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			out, err := clients.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
			if (err != nil) != c.fails || b.calls.Load() != c.calls {
				t.Errorf("ended with %v after %d calls; want it to fail: %v, after %d", err, b.calls.Load(), c.fails, c.calls)
			}
			if err == nil && len(out.Vpcs) != 1 {
				t.Errorf("the answer is %+v", out)
			}
			if n := len(clients.cfg.HTTPClient.(*whole).decoders); n > 0 {
				t.Errorf("%d answers keep their place among the decoders", n)
			}
			if c.fails && (!IsTransient(err) || (Unreachable(err) != "") != c.unreachable) {
				t.Errorf("transient: %v, unreachable: %q; want unreachable: %v: %v", IsTransient(err), Unreachable(err), c.unreachable, err)
			}
		})
	}
}

type answers func(*http.Request) (*http.Response, error)

func (a answers) Do(r *http.Request) (*http.Response, error) { return a(r) }

// TestFewAreDecodedAtOnce: an answer that has come waits until another one was decoded, for
// as long as the caller waits.
func TestFewAreDecodedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &whole{
			next: answers(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(vpcs))}, nil
			}),
			within: time.Hour, overdue: &overdue{calls: map[*waiting]bool{}}, decoders: make(chan struct{}, 1),
		}
		ask := func(ctx context.Context) (*http.Response, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://aws", nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Do(req)
		}
		first, err := ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		brief, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := ask(brief); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beside one that is being decoded: %v", err)
		}
		time.AfterFunc(time.Minute, func() { _, _ = first.Body.Close(), first.Body.Close() })
		began := time.Now()
		second, err := ask(t.Context())
		if err != nil || time.Since(began) != time.Minute {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
		if text, err := io.ReadAll(second.Body); err != nil || string(text) != vpcs {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// TestSays: a person is told what is waited for, every ten seconds, once for all.
func TestSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		began := time.Now()
		o := &overdue{calls: map[*waiting]bool{}, say: func(text string) {
			said = append(said, fmt.Sprintf("%v %s", time.Since(began), text))
		}}
		first := o.watch(t.Context())
		quick := o.watch(t.Context())
		time.Sleep(time.Second)
		quick()
		second := o.watch(t.Context())
		time.Sleep(21 * time.Second)
		first()
		second()
		time.Sleep(time.Minute)
		want := "10s waiting for AWS: X has not been answered for 10s, nor have 1 other calls; 20s waiting for AWS: X has not been answered for 20s, nor have 1 other calls"
		if got := strings.ReplaceAll(strings.Join(said, "; "), ": in", ": X"); strings.ReplaceAll(got, ":  in ", ": X") != want {
			t.Errorf("said %q, want %q", got, want)
		}
	})
}

// TestExpired: once credentials have expired, no call is sent.
func TestExpired(t *testing.T) {
	b := &broken{times: 99, how: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "<Response><Errors><Error><Code>RequestExpired</Code><Message>Request has expired.</Message></Error></Errors></Response>")
	}}
	srv := httptest.NewServer(b)
	defer srv.Close()
	clients, err := LoadAs(t.Context(), "eu-west-1", Caller{Endpoint: srv.URL, KeyID: "AKIA", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		_, err := clients.EC2(region).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
		if !IsExpired(err) || clients.Rejected() == nil {
			t.Errorf("%s: %v", region, err)
		}
	}
	if b.calls.Load() != 1 {
		t.Errorf("%d calls were sent, want 1", b.calls.Load())
	}
}

func TestIsNoCredentials(t *testing.T) {
	get := func(err error) error { return fmt.Errorf("get identity: %w", &sourceError{err}) }
	metadata := &smithy.OperationError{ServiceID: imds.ServiceID, Err: &smithyhttp.RequestSendError{Err: errors.New("refused")}}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                  {get(errors.New("static credentials are empty")), true},
		"no instance":           {get(fmt.Errorf("no role found, %w", metadata)), true},
		"no instance, in time":  {get(&smithy.OperationError{ServiceID: imds.ServiceID, Err: context.DeadlineExceeded}), true},
		"STS, in time":          {get(context.DeadlineExceeded), false},
		"STS does not answer":   {get(&SilentError{Address: "https://sts.amazonaws.com", Within: time.Second}), false},
		"interrupted":           {get(&smithy.CanceledError{Err: context.Canceled}), false},
		"such a text":           {errors.New("get identity: get credentials: no EC2 IMDS role found"), false},
		"AWS refuses something": {wrapped("UnauthorizedOperation", 403), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := IsNoCredentials(c.err); got != c.want {
				t.Errorf("%v, want %v: %v", got, c.want, c.err)
			}
		})
	}
}
