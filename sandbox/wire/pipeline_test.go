package wire

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"amiship/sandbox/cloud"
)

func TestFailedCallChangesNothing(t *testing.T) {
	b := newBench(t, false)
	if _, code := b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "bad"}); code != "InvalidNote.Bad" {
		t.Errorf("code is %s", code)
	}
	if status, code := b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "x", "DryRun": "true"}); status != 412 || code != "DryRunOperation" {
		t.Errorf("a dry run answers %d %s", status, code)
	}
	if status, code := b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "x", "Colour": "red"}); status != 400 || code != "UnknownParameter" {
		t.Errorf("an unknown parameter answers %d %s", status, code)
	}
	if status, code := b.call(goodKey, "ssm", "AddNote", map[string]string{"Text": "x", "Colour": "red"}); status != 400 || code != "SerializationException" {
		t.Errorf("an unknown member answers %d %s", status, code)
	}
	_, _, body := b.send(b.sign(b.request("ec2", "ReadNotes", nil), goodKey, "ec2", "eu-west-1"))
	if !strings.Contains(body, "<noteSet></noteSet>") {
		t.Errorf("there are notes: %s", body)
	}
}

func TestThrottle(t *testing.T) {
	b := newBench(t, true)
	add := func(service, region string) string {
		_, code, _ := b.send(b.sign(b.request(service, "AddNote", nil), goodKey, service, region))
		return code
	}
	for range 3 {
		if code := add("ec2", "eu-west-1"); code != "" {
			t.Fatalf("within the bucket: %s", code)
		}
	}
	for service, want := range map[string]string{"ec2": "RequestLimitExceeded", "ssm": "ThrottlingException", "sts": "Throttling"} {
		for range 3 {
			add(service, "eu-west-1")
		}
		if code := add(service, "eu-west-1"); code != want {
			t.Errorf("beyond the bucket %s answers %q, want %s", service, code, want)
		}
	}
	if code := add("ec2", "eu-west-2"); code != "" {
		t.Errorf("another region is throttled too: %s", code)
	}
	b.wall = b.wall.Add(time.Second)
	if code := add("ec2", "eu-west-1"); code != "" {
		t.Errorf("after a second: %s", code)
	}
	if code := add("ec2", "eu-west-1"); code == "" {
		t.Error("two calls passed after one second at one token a second")
	}
	for range 20 {
		if status, code := b.call(goodKey, "ec2", "ReadNotes", nil); status != 200 {
			t.Fatalf("an operation without a bucket answers %d %s", status, code)
		}
	}
}

func TestFaults(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{
		{Service: "ec2", Action: "Add*", Skip: 1, Times: 1, Status: 503, Code: "RequestLimitExceeded"},
		{Service: "ec2", Action: "Add*", After: true, Skip: 1, Times: 1},
		{Region: "eu-west-2"},
		{Service: "sts", Status: -1},
	})
	add := func(text, region string) (int, string) {
		status, code, _ := b.send(b.sign(b.request("ec2", "AddNote", map[string]string{"Text": text}), goodKey, "ec2", region))
		return status, code
	}
	steps := []struct {
		text   string
		status int
		code   string
	}{{"first", 200, ""}, {"never", 503, "RequestLimitExceeded"}, {"done", 500, "InternalError"}, {"last", 200, ""}}
	for _, s := range steps {
		if status, code := add(s.text, "eu-west-1"); status != s.status || code != s.code {
			t.Errorf("%s answers %d %s, want %d %s", s.text, status, code, s.status, s.code)
		}
	}
	if status, code := add("x", "eu-west-2"); status != 500 || code != "InternalError" {
		t.Errorf("the failing region answers %d %s", status, code)
	}
	_, _, body := b.send(b.sign(b.request("ec2", "ReadNotes", nil), goodKey, "ec2", "eu-west-1"))
	for text, want := range map[string]bool{"first": true, "never": false, "done": true, "last": true} {
		if strings.Contains(body, ">"+text+"<") != want {
			t.Errorf("note %s: there is %v, want %v", text, !want, want)
		}
	}
	r := b.sign(b.request("sts", "ReadNotes", nil), goodKey, "sts", "eu-west-1")
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		resp.Body.Close()
		t.Error("the connection was not dropped")
	}
	b.server.SetFaults(nil)
	if status, _ := add("x", "eu-west-2"); status != 200 {
		t.Errorf("without faults the region answers %d", status)
	}
}

func TestLogged(t *testing.T) {
	b := newBench(t, false)
	b.call(goodKey, "ec2", "AddNote", nil)
	b.call(meekKey, "ec2", "AddNote", nil)
	b.call(goodKey, "ssm", "ReadNotes", nil)
	want := []Logged{
		{Service: "ec2", Action: "AddNote", Region: "eu-west-1", Account: "111", Key: "AKIAGOOD", Status: 200},
		{Service: "ec2", Action: "AddNote", Region: "eu-west-1", Account: "111", Key: "AKIAMEEK", Status: 403, Code: "UnauthorizedOperation"},
		{Service: "ssm", Action: "ReadNotes", Region: "eu-west-1", Account: "111", Key: "AKIAGOOD", Status: 200, ReadOnly: true},
	}
	for i, got := range b.logged() {
		if !got.At.Equal(b.wall) || got.Took <= 0 {
			t.Errorf("call %d: at %v, took %v", i, got.At, got.Took)
		}
		got.At, got.Took = time.Time{}, 0
		if got != want[i] {
			t.Errorf("call %d is logged as\n%+v, want\n%+v", i, got, want[i])
		}
	}
	if len(b.logged()) != len(want) {
		t.Errorf("%d calls are logged", len(b.logged()))
	}
}

// TestDate: clients take the sandbox's time from the Date header, also of an
// answer that failed.
func TestDate(t *testing.T) {
	b := newBench(t, false)
	if err := b.store.Advance(72 * time.Hour); err != nil {
		t.Fatal(err)
	}
	want := b.wall.Add(72 * time.Hour).Format(http.TimeFormat)
	for _, action := range []string{"ReadNotes", "MakeCoffee"} {
		resp, err := http.DefaultClient.Do(b.sign(b.request("ec2", action, nil), goodKey, "ec2", "eu-west-1"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Date"); got != want {
			t.Errorf("%s: Date is %s, want %s", action, got, want)
		}
		if resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: no request id", action)
		}
	}
}

func TestAfterRunsWhenCommitted(t *testing.T) {
	b := newBench(t, false)
	ran, over := 0, 0
	b.server.services["sts"] = Service{Name: "sts", Protocol: AWSQuery{}, Operations: []Operation{
		Op("AddNote", Bucket{}, func(c *Call, in *noteIn) (*noteOut, error) {
			c.Finally(func() { over++ })
			c.After(func() { // the transaction is over: the store can be used again
				_ = b.store.Update(func(*cloud.Tx) error { ran++; return nil })
			})
			return addNote(c, in)
		}),
	}}
	for text, want := range map[string]int{"good": 1, "bad": 0} {
		ran = 0
		b.call(goodKey, "sts", "AddNote", map[string]string{"Text": text})
		if ran != want {
			t.Errorf("after the note %q it ran %d times, want %d", text, ran, want)
		}
	}
	if over != 2 {
		t.Errorf("what is done in any case was done %d times, want 2", over)
	}
}
