package boottest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// TestAccessFrom: from where instances are reached is what the catalog says, or an error
// that names the field; never everybody.
func TestAccessFrom(t *testing.T) {
	const vpcs = `<item><cidrBlock>172.31.0.0/16</cidrBlock><cidrBlockAssociationSet>
<item><cidrBlock>172.31.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>
<item><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>
<item><cidrBlock>10.2.0.0/16</cidrBlock><cidrBlockState><state>disassociated</state></cidrBlockState></item></cidrBlockAssociationSet></item>`
	for name, c := range map[string]struct {
		from   []string
		subnet string
		status int
		answer string // of who tells addresses
		vpcs   string
		want   string
		err    []string
	}{
		"ranges":          {from: []string{"203.0.113.0/24", "2001:db8::/32"}, want: "203.0.113.0/24 2001:db8::/32"},
		"auto":            {from: []string{"auto"}, answer: "203.0.113.7\n", want: "203.0.113.7/32"},
		"auto over IPv6":  {from: []string{"auto"}, answer: "2001:db8::7", want: "2001:db8::7/128"},
		"auto, mapped":    {from: []string{"auto"}, answer: "::ffff:203.0.113.7", want: "203.0.113.7/32"},
		"a page":          {from: []string{"auto"}, answer: "<html>" + strings.Repeat("x", 500), err: []string{"build.access_from: auto: ", "answers 200 OK with \"<html>", "give ranges"}},
		"nothing":         {from: []string{"auto"}, err: []string{"build.access_from: auto: "}},
		"everybody":       {from: []string{"auto"}, answer: "0.0.0.0", err: []string{"build.access_from: auto: "}},
		"a range":         {from: []string{"auto"}, answer: "0.0.0.0/0", err: []string{"build.access_from: auto: "}},
		"an error":        {from: []string{"auto"}, status: 503, answer: "203.0.113.7", err: []string{"build.access_from: auto: ", "answers 503"}},
		"a redirect":      {from: []string{"auto"}, status: 302, answer: "203.0.113.7", err: []string{"build.access_from: auto: ", "answers 302"}},
		"the default VPC": {from: []string{"vpc"}, vpcs: vpcs, want: "10.1.0.0/16 172.31.0.0/16"},
		"a subnet's VPC":  {from: []string{"vpc"}, subnet: "subnet-1", vpcs: vpcs, want: "10.1.0.0/16 172.31.0.0/16"},
		"no VPC":          {from: []string{"vpc"}, err: []string{"build.access_from: vpc: no range of addresses"}},
		"nothing is said": {err: []string{"build.access_from: ", "no range of addresses"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					if r.URL.Path != SandboxAddress {
						t.Errorf("asked for %s", r.URL.Path)
					}
					w.Header().Set("Location", "http://203.0.113.1/")
					w.WriteHeader(max(c.status, 200))
					fmt.Fprint(w, c.answer)
					return
				}
				_ = r.ParseForm()
				switch r.Form.Get("Action") {
				case "DescribeSubnets":
					fmt.Fprint(w, "<DescribeSubnetsResponse><subnetSet><item><vpcId>vpc-1</vpcId></item></subnetSet></DescribeSubnetsResponse>")
				case "DescribeVpcs":
					if got := r.Form.Get("VpcId.1"); (got == "vpc-1") != (c.subnet != "") {
						t.Errorf("asked for VPC %q", got)
					}
					fmt.Fprint(w, "<DescribeVpcsResponse><vpcSet>"+c.vpcs+"</vpcSet></DescribeVpcsResponse>")
				}
			}))
			defer server.Close()
			clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: server.URL, KeyID: "k", Secret: "s"})
			if err != nil {
				t.Fatal(err)
			}
			b := release.Build{AccessFrom: c.from, AddressURL: "https://127.0.0.1:1/", Subnet: c.subnet}
			got, err := AccessFrom(t.Context(), clients, "us-east-1", b)
			if text := strings.Trim(fmt.Sprint(got), "[]"); text != c.want || (err != nil) != (c.err != nil) {
				t.Errorf("%q, %v; want %q", text, err, c.want)
			}
			for _, says := range c.err {
				if err != nil && !strings.Contains(err.Error(), says) {
					t.Errorf("%v does not say %q", err, says)
				}
			}
		})
	}
}

// TestAddressURL: only what listens on this machine stands in for who tells addresses.
func TestAddressURL(t *testing.T) {
	const configured = "https://checkip.amazonaws.com"
	for endpoint, want := range map[string]string{
		"": configured, "https://ec2.example.com": configured, "http://10.0.0.1:4566": configured,
		"http://127.0.0.1:4566": "http://127.0.0.1:4566/sandbox/address", "http://localhost:4566/": "http://localhost:4566/sandbox/address",
	} {
		if got := addressURL(endpoint, configured); got != want {
			t.Errorf("%q: %s, want %s", endpoint, got, want)
		}
	}
}
