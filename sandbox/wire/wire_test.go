package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
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

	mu  sync.Mutex // calls end side by side
	log []Logged
}

// logged are the calls that have ended.
func (b *bench) logged() []Logged {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log)
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
	b.server.Log = func(l Logged) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.log = append(b.log, l)
	}
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
	return b.signAt(r, k, service, region, time.Now())
}

func (b *bench) signAt(r *http.Request, k aws.Credentials, service, region string, at time.Time) *http.Request {
	err := v4.NewSigner().SignHTTP(b.Context(), k, r, hashOf(r), service, region, at)
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
