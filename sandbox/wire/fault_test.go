package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (b *bench) notes() string {
	_, _, body := b.send(b.sign(b.request("ec2", "ReadNotes", nil), goodKey, "ec2", "eu-west-1"))
	return body
}

// TestFaultForAWhile: it begins with its first hit, and ends by the clock.
func TestFaultForAWhile(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Region: "eu-west-1", Skip: 1, For: time.Minute}})
	b.wall = b.wall.Add(time.Hour)
	for n, c := range []struct {
		passes time.Duration
		status int
	}{{0, 200}, {0, 500}, {59 * time.Second, 500}, {time.Second, 200}, {time.Hour, 200}} {
		b.wall = b.wall.Add(c.passes)
		if status, _ := b.call(goodKey, "ec2", "ReadNotes", nil); status != c.status {
			t.Errorf("call %d answers %d, want %d", n+1, status, c.status)
		}
	}
}

// TestLag: only what reads sees the past.
func TestLag(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Lag: 10 * time.Second}})
	b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "new"})
	for passed, want := range []bool{false, true} {
		if got := strings.Contains(b.notes(), ">new<"); got != want {
			t.Errorf("after %d0 s a note is seen: %v, want %v", passed, got, want)
		}
		b.wall = b.wall.Add(10 * time.Second)
	}
}

// TestDelay: the answer comes late, and whole.
func TestDelay(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Action: "Add*", Delay: 20 * time.Millisecond}})
	if status, code := b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "late"}); status != 200 || !strings.Contains(b.notes(), ">late<") {
		t.Errorf("it answers %d %s, and the notes are %s", status, code, b.notes())
	}
	if took := b.logged()[0].Took; took < 20*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

// TestAnswer: an answer that is lost is lost in its own way, and its work is done, but
// that of a silent one only if it says so.
func TestAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fault         Fault
		headers, ends bool // the client gets the former; the connection closes
		done          bool
	}{
		"silent":       {Fault{Answer: Silent}, false, false, false},
		"silent after": {Fault{Answer: Silent, After: true}, false, false, true},
		"stalled":      {Fault{Answer: Stalled}, true, false, true},
		"cut":          {Fault{Answer: Cut}, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false)
			c.fault.Action = "Add*"
			b.server.SetFaults([]Fault{c.fault})
			patience := 200 * time.Millisecond
			if c.headers {
				patience = 5 * time.Second // until an answer begins on a busy machine
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r := b.sign(b.request("ec2", "AddNote", map[string]string{"Text": "lost"}), goodKey, "ec2", "eu-west-1").WithContext(ctx)
			resp, err := http.DefaultClient.Do(r)
			if (err == nil) != c.headers {
				t.Fatalf("the answer begins: %v, want %v", err, c.headers)
			}
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if ends := errors.Is(err, io.ErrUnexpectedEOF); ends != c.ends || errors.Is(err, context.DeadlineExceeded) == c.ends {
				t.Errorf("it ends with %v, want the connection closed: %v", err, c.ends)
			}
			if done := strings.Contains(b.notes(), ">lost<"); done != c.done {
				t.Errorf("the work is done: %v, want %v", done, c.done)
			}
		})
	}
}

// TestSigned: who signs by a clock that is wrong is refused, as each of AWS's
// protocols does it; others do not count as hit, and later faults are theirs.
func TestSigned(t *testing.T) {
	const expired = "Signature expired: 20260101T115959Z is now earlier than 20260101T120000Z (20260101T120500Z - 5 min.)"
	const tooSoon = "Signature not yet current: 20260101T121001Z is still later than 20260101T121000Z (20260101T120500Z + 5 min.)"
	now := time.Date(2026, 1, 1, 12, 5, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		service string
		ahead   time.Duration // the client's clock
		status  int
		code    string
		text    string
	}{
		"ec2":           {"ec2", -301 * time.Second, 401, "AuthFailure", "AWS was not able to validate the provided access credentials"},
		"ec2 ahead":     {"ec2", 301 * time.Second, 401, "AuthFailure", "AWS was not able to validate the provided access credentials"},
		"query":         {"sts", -301 * time.Second, 403, "SignatureDoesNotMatch", expired},
		"query ahead":   {"sts", 301 * time.Second, 403, "SignatureDoesNotMatch", tooSoon},
		"json":          {"ssm", -301 * time.Second, 400, "InvalidSignatureException", expired},
		"json ahead":    {"ssm", 301 * time.Second, 400, "InvalidSignatureException", tooSoon},
		"just in time":  {"ec2", -5 * time.Minute, 503, "InternalError", ""},
		"on time, json": {"ssm", 5 * time.Minute, 503, "InternalError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false)
			b.wall = now
			b.server.SetFaults([]Fault{{Signed: 5 * time.Minute, Times: 1}, {Status: 503}})
			for range 2 { // the second request no longer meets the first fault
				r := b.request(c.service, "ReadNotes", nil)
				b.signAt(r, goodKey, c.service, "eu-west-1", now.Add(c.ahead))
				if status, code, body := b.send(r); status != c.status || code != c.code || !strings.Contains(body, c.text) {
					t.Errorf("it answers %d %s, want %d %s\n%s", status, code, c.status, c.code, body)
				}
				c.status, c.code, c.text = 503, "InternalError", ""
			}
		})
	}
}

func TestCheckFaults(t *testing.T) {
	good := []Fault{{}, {Action: "Copy*", Ends: EndsFailed}}
	if err := CheckFaults(good); err != nil {
		t.Error(err)
	}
	err := CheckFaults(append(good, Fault{Ends: "badly"}, Fault{Region: "eu-["}, Fault{Signed: time.Minute, After: true}, Fault{Answer: "late"}, Fault{Answer: Cut, Status: 503}))
	for _, want := range []string{`fault 3: ends "badly": there are failed, stuck, vanished, terminated and deaf`, `fault 4: "eu-[" is no pattern`, "fault 5: signed is a limit", `fault 6: answer "late"`, "fault 7: an answer that is lost"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestDryRunsDoNotCount: a dry run neither uses up a fault that counts requests nor is hit by it;
// one that hits all of them hits it too.
func TestDryRunsDoNotCount(t *testing.T) {
	for name, tc := range map[string]struct {
		fault Fault
		want  [3]string // of two dry runs, and a call
	}{
		"once":  {Fault{Code: "Boom", Status: 400, Times: 1}, [3]string{"DryRunOperation", "DryRunOperation", "Boom"}},
		"later": {Fault{Code: "Boom", Status: 400, Skip: 1}, [3]string{"DryRunOperation", "DryRunOperation", ""}},
		"ever":  {Fault{Code: "Boom", Status: 400}, [3]string{"Boom", "Boom", "Boom"}},
	} {
		b := newBench(t, false)
		b.server.SetFaults([]Fault{tc.fault})
		for i, want := range tc.want {
			in := map[string]string{"Text": "x"}
			if i < 2 {
				in["DryRun"] = "true"
			}
			if _, code := b.call(goodKey, "ec2", "AddNote", in); code != want {
				t.Errorf("%s: call %d ends with %q, want %q", name, i+1, code, want)
			}
		}
	}
}

// TestFaultsOfNothing: a fault that can't hit anything is named.
func TestFaultsOfNothing(t *testing.T) {
	b := newBench(t, false)
	accounts, regions := []string{"111111111111"}, []string{"eu-west-1", "us-east-1"}
	for want, f := range map[string]Fault{
		"":                                      {Account: "1*", Region: "eu-*", Service: "ec2", Action: "Add*"},
		"no account that matches \"vendor\"":    {Account: "vendor"},
		"no region that matches \"eu-wset-1\"":  {Region: "eu-wset-1"},
		"no service that matches \"kms\"":       {Service: "kms"},
		"no action that matches \"RemoveNote\"": {Action: "RemoveNote"},
	} {
		err := b.server.CheckTargets([]Fault{f}, accounts, regions)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", f, err, want)
		}
	}
}
