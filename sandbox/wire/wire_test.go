package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"amiship/sandbox/cloud"
)

// The toy services of these tests: one operation that writes, one that reads.
type noteIn struct {
	Text   string
	DryRun bool
}

func (n noteIn) IsDryRun() bool { return n.DryRun }

type noteOut struct {
	Notes List[string] `xml:"noteSet" json:"Notes"`
}

var notes = cloud.NewTable[string]("notes")

func addNote(c *Call, in *noteIn) (*noteOut, error) {
	if in.Text == "bad" {
		return nil, Errorf("InvalidNote.Bad", "The note '%s' is bad", in.Text)
	}
	notes.Put(c.Tx, c.Region, c.Account.ID+in.Text, in.Text)
	return &noteOut{}, nil
}

func readNotes(c *Call, _ *struct{}) (*noteOut, error) {
	out := &noteOut{}
	for _, n := range notes.All(c.Tx, c.Region) {
		out.Notes = append(out.Notes, n)
	}
	return out, nil
}

func toy(name string, p Protocol) Service {
	return Service{Name: name, Protocol: p, Operations: []Operation{
		Op("AddNote", Bucket{Name: "add", Max: 3, Refill: 1}, addNote),
		Read("ReadNotes", Bucket{}, readNotes),
	}}
}

type bench struct {
	*testing.T
	url    string
	server *Server
	store  *cloud.Store
	wall   time.Time
	logged []Logged
}

var (
	goodKey  = aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: "good"}
	meekKey  = aws.Credentials{AccessKeyID: "AKIAMEEK", SecretAccessKey: "meek"}
	tokenKey = aws.Credentials{AccessKeyID: "ASIATEMP", SecretAccessKey: "temp", SessionToken: "token"}
)

func newBench(t *testing.T, throttle bool) *bench {
	b := &bench{T: t, wall: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	store, err := cloud.Open("", cloud.Clock{Wall: func() time.Time { return b.wall }})
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Update(func(tx *cloud.Tx) error {
		cloud.Accounts.Put(tx, "", "111", cloud.Account{ID: "111", Name: "one"})
		add := func(k aws.Credentials, deny ...string) {
			c := cloud.Credential{KeyID: k.AccessKeyID, Secret: k.SecretAccessKey, Token: k.SessionToken, Account: "111", Principal: "arn:aws:iam::111:user/u", Deny: deny}
			if c.Token != "" {
				c.Expires = b.wall.Add(time.Hour)
			}
			cloud.Credentials.Put(tx, "", c.KeyID, c)
		}
		add(goodKey)
		add(meekKey, "ec2:Add*", "ssm:AddNote", "sts:*")
		add(tokenKey)
		return nil
	})
	b.store = store
	b.server = NewServer(store, throttle, toy("ec2", EC2Query{}), toy("sts", AWSQuery{Namespace: "urn:sts"}), toy("ssm", JSON11{TargetPrefix: "Toy"}))
	b.server.Log = func(l Logged) { b.logged = append(b.logged, l) }
	srv := httptest.NewServer(b.server)
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

// request is a call before it is signed.
func (b *bench) request(service, action string, in map[string]string) *http.Request {
	var body string
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for k, v := range in {
		form.Set(k, v)
	}
	kind := "application/x-www-form-urlencoded; charset=utf-8"
	body = form.Encode()
	if service == "ssm" {
		raw, _ := json.Marshal(in)
		body, kind = string(raw), "application/x-amz-json-1.1"
	}
	r, err := http.NewRequestWithContext(b.Context(), "POST", b.url+"/", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if service == "ssm" {
		r.Header.Set("X-Amz-Target", "Toy."+action)
	}
	return r
}

func hashOf(r *http.Request) string {
	body, _ := r.GetBody()
	raw, _ := io.ReadAll(body)
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (b *bench) sign(r *http.Request, k aws.Credentials, service, region string) *http.Request {
	err := v4.NewSigner().SignHTTP(b.Context(), k, r, hashOf(r), service, region, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// send returns the status, the error code and the body of the answer.
func (b *bench) send(r *http.Request) (int, string, string) {
	b.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	code := ""
	for _, cut := range [][2]string{{"<Code>", "</Code>"}, {`"__type":"`, `"`}} {
		if _, after, ok := strings.Cut(string(raw), cut[0]); ok {
			code, _, _ = strings.Cut(after, cut[1])
		}
	}
	return resp.StatusCode, code, string(raw)
}

func (b *bench) call(k aws.Credentials, service, action string, in map[string]string) (int, string) {
	b.Helper()
	status, code, _ := b.send(b.sign(b.request(service, action, in), k, service, "eu-west-1"))
	return status, code
}

func TestRefusals(t *testing.T) {
	wrong := aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: "wrong"}
	stranger := aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}
	noToken := aws.Credentials{AccessKeyID: "ASIATEMP", SecretAccessKey: "temp"}
	tests := map[string]struct {
		key             aws.Credentials
		service, action string
		late            bool
		status          int
		code            string
	}{
		"ec2":                    {goodKey, "ec2", "AddNote", false, 200, ""},
		"sts":                    {goodKey, "sts", "AddNote", false, 200, ""},
		"ssm":                    {goodKey, "ssm", "AddNote", false, 200, ""},
		"session":                {tokenKey, "ec2", "AddNote", false, 200, ""},
		"ec2 unknown key":        {stranger, "ec2", "AddNote", false, 401, "AuthFailure"},
		"sts unknown key":        {stranger, "sts", "AddNote", false, 403, "InvalidClientTokenId"},
		"ssm unknown key":        {stranger, "ssm", "AddNote", false, 400, "UnrecognizedClientException"},
		"ec2 wrong secret":       {wrong, "ec2", "AddNote", false, 401, "AuthFailure"},
		"sts wrong secret":       {wrong, "sts", "AddNote", false, 403, "SignatureDoesNotMatch"},
		"ssm wrong secret":       {wrong, "ssm", "AddNote", false, 400, "InvalidSignatureException"},
		"session without token":  {noToken, "ec2", "AddNote", false, 401, "AuthFailure"},
		"ec2 expired":            {tokenKey, "ec2", "AddNote", true, 400, "RequestExpired"},
		"sts expired":            {tokenKey, "sts", "AddNote", true, 403, "ExpiredToken"},
		"ssm expired":            {tokenKey, "ssm", "AddNote", true, 400, "ExpiredTokenException"},
		"ec2 denied":             {meekKey, "ec2", "AddNote", false, 403, "UnauthorizedOperation"},
		"ec2 denied other":       {meekKey, "ec2", "ReadNotes", false, 200, ""},
		"ssm denied":             {meekKey, "ssm", "AddNote", false, 400, "AccessDeniedException"},
		"sts denied all":         {meekKey, "sts", "ReadNotes", false, 403, "AccessDenied"},
		"unknown action":         {goodKey, "ec2", "MakeCoffee", false, 400, "InvalidAction"},
		"unknown service":        {goodKey, "iam", "AddNote", false, 400, "InvalidAction"},
		"lower case is another":  {goodKey, "ec2", "addNote", false, 400, "InvalidAction"},
		"json unknown operation": {goodKey, "ssm", "MakeCoffee", false, 400, "InvalidAction"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false)
			if tt.late {
				b.wall = b.wall.Add(time.Hour)
			}
			status, code := b.call(tt.key, tt.service, tt.action, nil)
			if status != tt.status || code != tt.code {
				t.Errorf("answers %d %s, want %d %s", status, code, tt.status, tt.code)
			}
		})
	}
}

// TestEveryPartIsSigned changes a signed request and expects that it shows.
func TestEveryPartIsSigned(t *testing.T) {
	tests := map[string]func(*http.Request){
		"body": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Action=ReadNotes")), 16
		},
		"query":  func(r *http.Request) { r.URL.RawQuery = "X=1" },
		"path":   func(r *http.Request) { r.URL.Path = "/other" },
		"region": func(r *http.Request) { replaceAuth(r, "eu-west-1", "eu-west-2") },
		"date":   func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") },
		"host":   func(r *http.Request) { r.Host = "elsewhere" },
		"type":   func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false)
			r := b.sign(b.request("sts", "AddNote", nil), goodKey, "sts", "eu-west-1")
			change(r)
			if status, code, _ := b.send(r); status != 403 || code != "SignatureDoesNotMatch" {
				t.Errorf("answers %d %s, want SignatureDoesNotMatch", status, code)
			}
		})
	}
}

func replaceAuth(r *http.Request, old, text string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, text, 1))
}

func TestPresigned(t *testing.T) {
	b := newBench(t, false)
	r, _ := http.NewRequestWithContext(t.Context(), "GET", b.url+"/?Action=ReadNotes&Version=2016-11-15&X-Amz-Expires=60", nil)
	empty := sha256.Sum256(nil)
	uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), tokenKey, r, hex.EncodeToString(empty[:]), "ec2", "eu-west-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	get := func(uri string) int {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", uri, nil)
		status, _, _ := b.send(r)
		return status
	}
	if got := get(uri); got != 200 {
		t.Errorf("a presigned request answers %d", got)
	}
	if got := get(strings.Replace(uri, "ReadNotes", "AddNote", 1)); got != 401 {
		t.Errorf("a changed presigned request answers %d", got)
	}
}

func TestUnsigned(t *testing.T) {
	b := newBench(t, false)
	for _, auth := range []string{"", "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256 nonsense,,,="} {
		r := b.request("ec2", "ReadNotes", nil)
		r.Header.Set("Authorization", auth)
		if status, code, _ := b.send(r); status != 403 || code != "MissingAuthenticationToken" {
			t.Errorf("Authorization %q answers %d %s", auth, status, code)
		}
	}
}

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
	for i, got := range b.logged {
		if !got.At.Equal(b.wall) || got.Took <= 0 {
			t.Errorf("call %d: at %v, took %v", i, got.At, got.Took)
		}
		got.At, got.Took = time.Time{}, 0
		if got != want[i] {
			t.Errorf("call %d is logged as\n%+v, want\n%+v", i, got, want[i])
		}
	}
	if len(b.logged) != len(want) {
		t.Errorf("%d calls are logged", len(b.logged))
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
