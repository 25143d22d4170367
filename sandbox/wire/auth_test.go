package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

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
		"json unknown operation": {goodKey, "ssm", "MakeCoffee", false, 400, "UnknownOperationException"},
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
