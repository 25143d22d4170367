package packer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"amiship/sandbox/admin"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire/wiretest"
)

// TestLent: Packer is told where credentials are, and nothing of where they would be else; who has
// not its password gets none.
func TestLent(t *testing.T) {
	end := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	asked := 0
	r := Runner{
		Env: []string{"AWS_WEB_IDENTITY_TOKEN_FILE=/token", "AWS_ROLE_ARN=arn", "AWS_PROFILE=p", "AWS_ACCESS_KEY_ID=AKIA", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x", "AWS_REGION=us-east-1"},
		Session: func(context.Context) (*Session, error) {
			asked++
			return &Session{KeyID: fmt.Sprint("ASIA", asked), Secret: "secret", Token: "token", Ends: end}, nil
		},
	}
	env, done, err := r.lent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		if lookup(env, name) != "" {
			t.Errorf("Packer gets %s", name)
		}
	}
	if lookup(env, "AWS_REGION") != "us-east-1" || lookup(env, "AWS_SHARED_CREDENTIALS_FILE") != os.DevNull || lookup(env, "AWS_CONFIG_FILE") != os.DevNull {
		t.Errorf("Packer gets %s", env)
	}
	get := func(password string) (int, map[string]string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, lookup(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", password)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, nil
		}
		defer resp.Body.Close()
		var out map[string]string
		_ = json.NewDecoder(resp.Body).Decode(&out)
		return resp.StatusCode, out
	}
	password := lookup(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
	for n := range 2 {
		code, got := get(password)
		if code != 200 || got["AccessKeyId"] != fmt.Sprint("ASIA", n+2) || got["SecretAccessKey"] != "secret" || got["Token"] != "token" || got["Expiration"] != end.Format(time.RFC3339) {
			t.Errorf("answer %d: %d %v", n, code, got)
		}
	}
	for _, wrong := range []string{"", password + "x"} {
		if code, got := get(wrong); code != http.StatusForbidden || got != nil {
			t.Errorf("with the password %q: %d %v", wrong, code, got)
		}
	}
	if !slices.Contains(hide(env, Build{}), password) {
		t.Error("the password is shown")
	}
	done()
	if code, _ := get(password); code != 0 {
		t.Errorf("after the end it answers %d", code)
	}
}

// TestNothingLent: where there is no session to lend, Packer's environment is as it was.
func TestNothingLent(t *testing.T) {
	r := Runner{Env: []string{"AWS_PROFILE=p"}}
	plain := r.Environment()
	r.Session = func(context.Context) (*Session, error) { return nil, nil }
	env, done, err := r.lent(t.Context())
	defer done()
	if err != nil || !slices.Equal(env, plain) {
		t.Errorf("%s, want %s (%v)", env, plain, err)
	}
}

// TestRealPackerRenews: the session with which a build begins ends in the middle of it, and Packer
// goes on with the next one.
func TestRealPackerRenews(t *testing.T) {
	box := sandboxtest.Start(t, "accounts: [{name: vendor, id: \"123456789012\", roles: [{name: release, trust: [vendor]}]}]\n")
	key := box.Key(t, "vendor")
	client := sts.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &box.URL, HTTPClient: wiretest.Eager{}, Credentials: credentials.NewStaticCredentialsProvider(key.KeyID, key.SecretKey, "")})
	var sessions atomic.Int32
	t.Setenv("AWS_ENDPOINT_URL", box.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOFNOBODY")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	r := Runner{Session: func(ctx context.Context) (*Session, error) {
		out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/release"), RoleSessionName: aws.String("build")})
		if err != nil {
			return nil, err
		}
		sessions.Add(1)
		k := out.Credentials
		return &Session{KeyID: *k.AccessKeyId, Secret: *k.SecretAccessKey, Token: *k.SessionToken, Ends: time.Now().Add(time.Minute)}, nil
	}}
	buildOfTwoSessions(t, box, r)
	if n := sessions.Load(); n < 3 {
		t.Errorf("Packer asked for a session %d times", n)
	}
}

// TestRealPackerLogsIn: where AWS's own STS makes the sessions, Packer 1.6.6 gets them by its web
// identity, and the next one when AWS says that the first has ended.
func TestRealPackerLogsIn(t *testing.T) {
	box := sandboxtest.Start(t, `
accounts:
  - name: vendor
    id: "123456789012"
    roles: [{name: pipeline, web_identity: [{provider: "https://gitlab.example.com"}]}]
    oidc_providers: [{url: "https://gitlab.example.com", audiences: [aws]}]
`)
	token, err := box.Token(t.Context(), admin.Token{Subject: "job", For: 3 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy, certificate := stsOfAWS(t, box.URL)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": box.URL, "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pipeline", "AWS_ROLE_SESSION_NAME": "job-42",
		"HTTPS_PROXY": proxy, "NO_PROXY": "", "no_proxy": "", "SSL_CERT_FILE": certificate, "AWS_CA_BUNDLE": certificate,
	} {
		t.Setenv(name, value)
	}
	buildOfTwoSessions(t, box, Runner{})
	if n := len(box.Calls(t, "AssumeRoleWithWebIdentity")); n < 2 {
		t.Errorf("Packer logged in %d times", n)
	}
}

// stsOfAWS is a proxy by which https://sts.amazonaws.com is a sandbox, and the file of the
// certificate for it.
func stsOfAWS(t *testing.T, sandbox string) (proxy, certificate string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sts"}, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, DNSNames: []string{"sts.amazonaws.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(sandbox)
	if err != nil {
		t.Fatal(err)
	}
	sts := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(to))
	sts.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	sts.StartTLS()
	t.Cleanup(sts.Close)
	tunnel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "sts.amazonaws.com:443" {
			http.Error(w, "no way to "+r.Host, http.StatusBadGateway)
			return
		}
		there, err := net.Dial("tcp", sts.Listener.Addr().String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, here) }()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(tunnel.Close)
	return tunnel.URL, certificate
}

// buildOfTwoSessions builds an AMI while an hour passes on AWS, once its instance was launched.
func buildOfTwoSessions(t *testing.T, box *sandboxtest.Box, r Runner) {
	t.Helper()
	b := real(t, `
variable "custom_endpoint_ec2" {
  type = string
}
source "amazon-ebs" "x" {
  custom_endpoint_ec2 = var.custom_endpoint_ec2
  region              = "us-east-1"
  ami_name            = "renewed"
  instance_type       = "t3.micro"
  ssh_username        = "admin"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
}
build {
  sources = ["source.amazon-ebs.x"]
}
`)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for len(box.Calls(t, "RunInstances")) == 0 && t.Context().Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		_, _ = box.Advance(t.Context(), 61*time.Minute)
	}()
	var log bytes.Buffer
	b.Log = &log
	res, err := r.Build(t.Context(), b)
	if err != nil || !strings.HasPrefix(res.AMI, "ami-") {
		t.Fatalf("%+v, %v\n%s", res, err, &log)
	}
	<-over
}
