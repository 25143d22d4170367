package marketplace_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"amiship/sandbox/marketplace"
)

// spoil changes a good version.
type spoil func(version, source, option object)

func inVersion(key string, value any) spoil {
	return func(v, _, _ object) { v[key] = value }
}

func inSource(key string, value any) spoil {
	return func(_, s, _ object) { s[key] = value }
}

func inOption(key string, value any) spoil {
	return func(_, _, o object) { o[key] = value }
}

func endpoint(port any, path string) spoil {
	return inOption("AccessEndpointUrl", object{"Port": port, "Protocol": "https", "RelativePath": path})
}

func group(protocol string, from, to int, ranges ...string) spoil {
	return inOption("SecurityGroups", []object{{"IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": ranges}})
}

// TestCodesOfAdding: each code that a wrong version, image, role or product can
// cause is caused so.
func TestCodesOfAdding(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 30001)
	tests := map[string]struct {
		product string // thing when empty
		image   string // good when empty
		spoil   spoil
		want    string // codes; none: it succeeds
	}{
		"nothing wrong":           {},
		"a new product":           {product: fresh},
		"a limited product":       {product: narrow},
		"shared, not by role":     {image: "given", spoil: inSource("AccessRoleArn", "arn:aws:iam::"+vendor+":role/nobody")},
		"a restricted product":    {product: closed, want: "INVALID_PRODUCT"},
		"title there already":     {spoil: inVersion("VersionTitle", "1.1"), want: "DUPLICATE_VERSION_TITLE"},
		"title of a restricted":   {spoil: inVersion("VersionTitle", "0.9"), want: "DUPLICATE_VERSION_TITLE"},
		"title too long":          {spoil: inVersion("VersionTitle", long[:65]), want: "INVALID_VERSION_TITLE"},
		"title begins with space": {spoil: inVersion("VersionTitle", " 1"), want: "INVALID_VERSION_TITLE"},
		"no title":                {spoil: func(v, _, _ object) { delete(v, "VersionTitle") }, want: "INVALID_VERSION_TITLE"},
		"long notes":              {spoil: inVersion("ReleaseNotes", long[:30000])},
		"notes too long":          {spoil: inVersion("ReleaseNotes", long), want: "INVALID_RELEASE_NOTES"},
		"no notes":                {spoil: inVersion("ReleaseNotes", ""), want: "INVALID_RELEASE_NOTES"},
		"usage too long":          {spoil: inOption("UsageInstructions", long[:4001]), want: "INVALID_USAGE_INSTRUCTIONS"},
		"no usage":                {spoil: inOption("UsageInstructions", ""), want: "INVALID_USAGE_INSTRUCTIONS"},
		"type not offered":        {spoil: inOption("RecommendedInstanceType", "x99.large"), want: "RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE"},
		"type misspelt":           {spoil: inOption("RecommendedInstanceType", "c7g.metal-48xl"), want: "INVALID_RECOMMENDED_INSTANCE_TYPE"},
		"type of another arch":    {spoil: inOption("RecommendedInstanceType", "m6g.large"), want: "INCOMPATIBLE_AMI"},
		"type that needs ENA":     {image: "slow net", want: "INCOMPATIBLE_AMI"},
		"old type without ENA":    {image: "slow net", spoil: inOption("RecommendedInstanceType", "m4.large")},
		"no groups":               {spoil: inOption("SecurityGroups", []object{}), want: "INVALID_SECURITY_GROUP"},
		"port 0":                  {spoil: group("tcp", 0, 22, "0.0.0.0/0"), want: "INVALID_SECURITY_GROUP"},
		"ports upside down":       {spoil: group("tcp", 443, 22, "0.0.0.0/0"), want: "INVALID_SECURITY_GROUP"},
		"protocol":                {spoil: group("icmp", 1, 2, "0.0.0.0/0"), want: "INVALID_SECURITY_GROUP_PROTOCOL"},
		"no range":                {spoil: group("tcp", 1, 2), want: "INVALID_CIDR_IP"},
		"bad range":               {spoil: group("tcp", 1, 2, "10.0.0.0/40"), want: "INVALID_CIDR_IP"},
		"endpoint port":           {spoil: endpoint(70000, "x"), want: "INVALID_ACCESS_ENDPOINT_PORT"},
		"endpoint path":           {spoil: endpoint(443, "/x"), want: "INVALID_ACCESS_ENDPOINT_RELATIVE_PATH"},
		"no endpoint path":        {spoil: inOption("AccessEndpointUrl", object{"Port": 80, "Protocol": "http"})},
		"endpoint protocol":       {spoil: inOption("AccessEndpointUrl", object{"Port": 80, "Protocol": "ftp"}), want: "INVALID_INPUT"},
		"unknown system":          {spoil: inSource("OperatingSystemName", "ubuntu"), want: "INCOMPATIBLE_OPERATING_SYSTEM_NAME"},
		"another system":          {spoil: inSource("OperatingSystemName", "WINDOWS"), want: "INCOMPATIBLE_OPERATING_SYSTEM"},
		"version of no system":    {spoil: inSource("OperatingSystemVersion", "newest"), want: "INCOMPATIBLE_OPERATING_SYSTEM_VERSION"},
		"no version of system":    {spoil: inSource("OperatingSystemVersion", ""), want: "INCOMPATIBLE_OPERATING_SYSTEM_VERSION"},
		"scanning port":           {spoil: inSource("ScanningPort", 0), want: "INVALID_SCANNING_PORT"},
		"user name":               {spoil: inSource("UserName", "1st"), want: "INVALID_INPUT"},
		"unknown member":          {spoil: inSource("Colour", "red"), want: "INVALID_INPUT"},
		"malformed image id":      {spoil: inSource("AmiId", "ami-12"), want: "INVALID_AMI_ID"},
		"name of image too long":  {image: strings.Repeat("long", 25), want: "INVALID_AMI_NAME"},
		"image is not there":      {spoil: inSource("AmiId", "ami-0123456789abcdef0"), want: "ASSET_NOT_FOUND"},
		"image of another":        {image: "foreign", want: "ASSET_NOT_FOUND"},
		"image elsewhere":         {image: "far", want: "ASSET_NOT_FOUND"},
		"image pending":           {image: "pending", want: "ASSET_NOT_FOUND"},
		"image disabled":          {image: "disabled", want: "ASSET_NOT_FOUND"},
		"image encrypted":         {image: "encrypted", want: "ASSET_ACCESS_EXCEPTION"},
		"image of a product":      {image: "coded", want: "EXISTING_AMI_PRODUCT_CODE"},
		"image of another arch":   {image: "arm", want: "INVALID_AMI_ARCHITECTURE"},
		"image paravirtual":       {image: "old kind", want: "INVALID_AMI_VIRTUALIZATION_TYPE"},
		"FPGA":                    {spoil: inSource("AfiIds", []string{"afi-0123456789abcdef0"}), want: "MISSING_FPGA_INSTANCE_TYPE"},
		"no such role":            {spoil: inSource("AccessRoleArn", "arn:aws:iam::"+vendor+":role/nobody"), want: "ASSET_ACCESS_EXCEPTION"},
		"role of another account": {spoil: inSource("AccessRoleArn", "arn:aws:iam::"+customer+":role/ingestion"), want: "ASSET_ACCESS_EXCEPTION"},
		"role trusts another":     {spoil: inSource("AccessRoleArn", "arn:aws:iam::"+vendor+":role/strange"), want: "ASSET_ACCESS_EXCEPTION"},
		"role lacks permission":   {spoil: inSource("AccessRoleArn", "arn:aws:iam::"+vendor+":role/weak"), want: "ASSET_NOT_FOUND"},
		"no role":                 {spoil: inSource("AccessRoleArn", "me"), want: "INVALID_INPUT"},
		"way in left on the disk": {image: "sloppy", want: "SCAN_ERROR"},
		"user is not there":       {spoil: inSource("UserName", "admin"), want: "SCAN_ERROR"},
		"sshd on another port":    {spoil: inSource("ScanningPort", 2222), want: "SCAN_ERROR"},
		"two things at once": {
			spoil: func(v, s, _ object) { v["VersionTitle"] = ""; s["AmiId"] = "x" },
			want:  "INVALID_AMI_ID INVALID_VERSION_TITLE",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			product, image := thing, "good"
			if tt.product != "" {
				product = tt.product
			}
			if tt.image != "" {
				image = tt.image
			}
			region := "us-east-1"
			if image == "far" {
				region = "eu-west-1"
			}
			var spoils []func(version, source, option object)
			if tt.spoil != nil {
				spoils = append(spoils, tt.spoil)
			}
			r.ends(t, r.begin(change("AddDeliveryOptions", product, r.version("2.0", r.image(region, image), spoils...))), tt.want)
		})
	}
}

// ends waits for the end of a change set and wants it to fail with the codes,
// or to succeed if there are none.
func (r *rig) ends(t *testing.T, id, want string) {
	t.Helper()
	r.pass(3 * time.Hour)
	out := r.see(id)
	got := codes(out)
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		t.Fatalf("the codes are %v, want %q (%s)", got, want, aws.ToString(out.FailureDescription))
	}
	if want == "" != (out.Status == "SUCCEEDED") || want == "" != (out.FailureCode == "") {
		t.Errorf("it is %s with the failure code %q", out.Status, out.FailureCode)
	}
	if want != "" && out.FailureCode != "CLIENT_ERROR" {
		t.Errorf("the failure code is %s", out.FailureCode)
	}
	for _, c := range out.ChangeSet {
		for _, e := range c.ErrorDetailList {
			if *e.ErrorMessage == "" {
				t.Errorf("%s says nothing", *e.ErrorCode)
			}
		}
	}
}
