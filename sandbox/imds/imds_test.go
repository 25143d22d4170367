package imds

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func sample() Instance {
	return Instance{
		ID: "i-1", Account: "123456789012", Region: "eu-west-1", Zone: "eu-west-1a", ZoneID: "euw1-az1", Image: "ami-1", Type: "t3.micro", Arch: "x86_64",
		Reservation: "r-1", Private: netip.MustParseAddr("172.31.0.10"), Public: netip.MustParseAddr("127.64.0.1"),
		Hostname: "ip-172-31-0-10.eu-west-1.compute.internal", LocalName: "ip-172-31-0-10.eu-west-1.compute.internal", PublicName: "ec2-127-64-0-1.eu-west-1.compute.amazonaws.com",
		MAC: "02:00:ac:1f:00:0a", Interface: "eni-1", Subnet: "subnet-1", SubnetCIDR: "172.31.0.0/20", VPC: "vpc-1", VPCCIDR: "172.31.0.0/16",
		Groups: []string{"default", "web"}, GroupIDs: []string{"sg-1", "sg-2"}, KeyName: "mine", AuthorizedKey: "ssh-ed25519 AAAA mine", RootDevice: "/dev/sda1",
		UserData: []byte("#!/bin/sh\n"), TokensRequired: true, Launched: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
}

// service has instances at addresses and a clock that can be set.
type service struct {
	*testing.T
	*Service
	at  map[string]Instance
	now time.Time
}

func newService(t *testing.T, at map[string]Instance) *service {
	s := &service{T: t, at: at, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	s.Service = New(Config{
		Lookup: func(a netip.Addr) (Instance, bool) { in, ok := s.at[a.String()]; return in, ok },
		Now:    func() time.Time { return s.now },
	})
	return s
}

func (s *service) do(method, from, path string, header ...string) *http.Response {
	r := httptest.NewRequestWithContext(s.Context(), method, path, nil)
	r.RemoteAddr = from + ":40000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func (s *service) token(from, ttl string) string {
	resp := s.do("PUT", from, "/latest/api/token", headerTTL, ttl)
	if resp.StatusCode != 200 || resp.Header.Get(headerTTL) != ttl {
		s.Fatalf("token: status %d, ttl %s", resp.StatusCode, resp.Header.Get(headerTTL))
	}
	return body(resp)
}

func body(r *http.Response) string {
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

const (
	here      = "172.31.0.10"
	elsewhere = "172.31.0.11"
)

func TestTokens(t *testing.T) {
	two := sample()
	two.ID = "i-2"
	s := newService(t, map[string]Instance{here: sample(), elsewhere: two})
	token := s.token(here, "60")
	get := func(from, token string) int {
		return s.do("GET", from, "/latest/meta-data/instance-id", headerToken, token).StatusCode
	}
	if got := get(here, token); got != 200 {
		t.Errorf("with a token: %d", got)
	}
	for name, got := range map[string]int{
		"no token": get(here, ""), "invented": get(here, "x"), "of another instance": get(elsewhere, token),
	} {
		if got != 401 {
			t.Errorf("%s: %d, want 401", name, got)
		}
	}
	s.now = s.now.Add(time.Minute)
	if got := get(here, token); got != 401 {
		t.Errorf("after its end the token answers %d, want 401", got)
	}
}

func TestStatuses(t *testing.T) {
	off, open := sample(), sample()
	off.Disabled, open.TokensRequired = true, false
	s := newService(t, map[string]Instance{"10.0.0.1": off, "10.0.0.2": open, here: sample()})
	tests := map[string]struct {
		method, from, path string
		header             []string
		want               int
	}{
		"no ttl":             {"PUT", here, "/latest/api/token", nil, 400},
		"ttl 0":              {"PUT", here, "/latest/api/token", []string{headerTTL, "0"}, 400},
		"ttl too long":       {"PUT", here, "/latest/api/token", []string{headerTTL, "21601"}, 400},
		"ttl no number":      {"PUT", here, "/latest/api/token", []string{headerTTL, "1h"}, 400},
		"ttl longest":        {"PUT", here, "/latest/api/token", []string{headerTTL, "21600"}, 200},
		"through a proxy":    {"PUT", here, "/latest/api/token", []string{headerTTL, "60", "X-Forwarded-For", "1.2.3.4"}, 403},
		"put elsewhere":      {"PUT", here, "/latest/meta-data", []string{headerTTL, "60"}, 405},
		"post":               {"POST", here, "/latest/api/token", nil, 405},
		"disabled":           {"PUT", "10.0.0.1", "/latest/api/token", []string{headerTTL, "60"}, 403},
		"disabled get":       {"GET", "10.0.0.1", "/latest/meta-data/", nil, 403},
		"version 1":          {"GET", "10.0.0.2", "/latest/meta-data/", nil, 200},
		"version 1 old":      {"GET", "10.0.0.2", "/2009-04-04/meta-data/instance-id", nil, 200},
		"version 1 refused":  {"GET", here, "/latest/meta-data/", nil, 401},
		"no such version":    {"GET", "10.0.0.2", "/2010-01-01/meta-data/instance-id", nil, 404},
		"no such item":       {"GET", "10.0.0.2", "/latest/meta-data/nothing", nil, 404},
		"below an item":      {"GET", "10.0.0.2", "/latest/meta-data/instance-id/x", nil, 404},
		"no such instance":   {"GET", "10.9.9.9", "/latest/meta-data/", nil, 404},
		"bad token, v1 open": {"GET", "10.0.0.2", "/latest/meta-data/", []string{headerToken, "x"}, 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := s.do(tt.method, tt.from, tt.path, tt.header...).StatusCode; got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
}

// crawl walks the tree as cloud-init does: one 404 and all is lost.
func (s *service) crawl(token, url string, found map[string]string) {
	resp := s.do("GET", here, url, headerToken, token)
	if resp.StatusCode != 200 {
		s.Fatalf("%s is listed and answers %d", url, resp.StatusCode)
	}
	for line := range strings.SplitSeq(body(resp), "\n") {
		switch {
		case strings.Contains(line, "="):
			n, _, _ := strings.Cut(line, "=")
			s.crawl(token, url+n+"/", found)
		case strings.HasSuffix(line, "/"):
			s.crawl(token, url+line, found)
		case line != "":
			item := s.do("GET", here, url+line, headerToken, token)
			if item.StatusCode != 200 {
				s.Fatalf("%s is listed and answers %d", url+line, item.StatusCode)
			}
			_, path, _ := strings.Cut(url+line, "meta-data/")
			found[path] = body(item)
		}
	}
}

func TestCrawl(t *testing.T) {
	bare := Instance{ID: "i-1", MAC: "02:00:ac:1f:00:0a", Private: netip.MustParseAddr(here), TokensRequired: true}
	tagged := sample()
	tagged.Tags, tagged.Profile = map[string]string{"Name": "x", "Empty": ""}, "arn:aws:iam::123456789012:instance-profile/p"
	for name, in := range map[string]Instance{"full": sample(), "bare": bare, "tagged": tagged} {
		s := newService(t, map[string]Instance{here: in})
		token := s.token(here, "21600")
		for _, version := range versions {
			found := map[string]string{}
			s.crawl(token, "/"+version+"/meta-data/", found)
			if found["instance-id"] != "i-1" || found["local-ipv4"] != here {
				t.Errorf("%s: %s: found %v", name, version, found)
			}
			_, key := found["public-keys/0/openssh-key"]
			if key != (in.AuthorizedKey != "") {
				t.Errorf("%s: a key is served: %v", name, key)
			}
		}
	}
}

// TestWhatCloudInitNeeds lists the items of
// docs/reference/aws.md#what-cloud-init-reads.
func TestWhatCloudInitNeeds(t *testing.T) {
	s := newService(t, map[string]Instance{here: sample()})
	token := s.token(here, "21600")
	found := map[string]string{}
	s.crawl(token, "/2021-03-23/meta-data/", found)
	mac := "network/interfaces/macs/02:00:ac:1f:00:0a/"
	for path, want := range map[string]string{
		"ami-id": "ami-1", "ami-launch-index": "0", "instance-type": "t3.micro", "mac": "02:00:ac:1f:00:0a",
		"hostname": sample().LocalName, "local-hostname": sample().LocalName, "placement/availability-zone": "eu-west-1a", "placement/region": "eu-west-1",
		"public-ipv4": "127.64.0.1", "public-keys/0/openssh-key": "ssh-ed25519 AAAA mine", "security-groups": "default\nweb",
		"block-device-mapping/ami": "/dev/sda1", "block-device-mapping/root": "/dev/sda1",
		mac + "device-number": "0", mac + "interface-id": "eni-1", mac + "local-ipv4s": here, mac + "mac": "02:00:ac:1f:00:0a", mac + "owner-id": "123456789012",
		mac + "security-groups": "default\nweb", mac + "subnet-id": "subnet-1", mac + "subnet-ipv4-cidr-block": "172.31.0.0/20",
		mac + "vpc-id": "vpc-1", mac + "vpc-ipv4-cidr-block": "172.31.0.0/16", mac + "local-hostname": sample().LocalName,
	} {
		if found[path] != want {
			t.Errorf("%s is %q, want %q", path, found[path], want)
		}
	}
	if got := body(s.do("GET", here, "/latest/user-data", headerToken, token)); got != "#!/bin/sh\n" {
		t.Errorf("user data: %q", got)
	}
	if got := body(s.do("GET", here, "/latest/dynamic/instance-identity", headerToken, token)); got != "document" {
		t.Errorf("dynamic/instance-identity lists %q", got)
	}
	var doc struct{ InstanceID, Region, AvailabilityZone, AccountID string }
	text := body(s.do("GET", here, "/latest/dynamic/instance-identity/document", headerToken, token))
	if err := json.Unmarshal([]byte(text), &doc); err != nil || doc.InstanceID != "i-1" || doc.Region != "eu-west-1" || doc.AccountID != "123456789012" {
		t.Errorf("identity document %s: %v", text, err)
	}
}

func TestNoUserData(t *testing.T) {
	in := sample()
	in.UserData, in.TokensRequired = nil, false
	s := newService(t, map[string]Instance{here: in})
	if got := s.do("GET", here, "/latest/user-data").StatusCode; got != 404 {
		t.Errorf("without user data: %d, want 404", got)
	}
}

// TestProductCode: machines of what Marketplace sells know the product, others
// have no such item.
func TestProductCode(t *testing.T) {
	sold := sample()
	sold.ProductCode = "abcdefghijklmnopqrstuvwxy"
	s := newService(t, map[string]Instance{here: sold, elsewhere: sample()})
	for from, want := range map[string]string{here: sold.ProductCode, elsewhere: ""} {
		token := s.token(from, "60")
		resp := s.do("GET", from, "/latest/meta-data/product-codes", headerToken, token)
		if got := body(resp); (want == "" && resp.StatusCode != 404) || (want != "" && got != want) {
			t.Errorf("%s: product-codes answers %d %s, want %q", from, resp.StatusCode, got, want)
		}
		listed := strings.Contains(body(s.do("GET", from, "/latest/meta-data/", headerToken, token)), "product-codes")
		if listed != (want != "") {
			t.Errorf("%s: product-codes is listed: %v", from, listed)
		}
		var doc struct{ MarketplaceProductCodes []string }
		text := body(s.do("GET", from, "/latest/dynamic/instance-identity/document", headerToken, token))
		if err := json.Unmarshal([]byte(text), &doc); err != nil || strings.Join(doc.MarketplaceProductCodes, " ") != want {
			t.Errorf("%s: the identity document has %v (%v)", from, doc.MarketplaceProductCodes, err)
		}
	}
}
