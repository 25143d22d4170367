package report_test

import (
	"bytes"
	"testing"

	"amiship/internal/audit"
	"amiship/internal/report"
)

// verified is a look at two variants in three regions, of which the second did
// not answer and the third is best effort.
func verified(findings ...audit.Difference) audit.Verified {
	return audit.Verified{
		Project: "product", Tag: "v1.2.3", Owner: "111111111111", Customer: "222222222222", Calls: 42,
		AMIs: []audit.Sight{
			{Region: "eu-west-1", Image: "ce", Arch: "amd64", AMI: "ami-1"},
			{Region: "eu-west-1", Image: "premium", Arch: "amd64", AMI: "ami-2"},
			{Region: "eu-west-2", Image: "ce", Arch: "amd64", Unread: len(findings) > 0},
			{Region: "eu-west-2", Image: "premium", Arch: "amd64", Unread: len(findings) > 0},
			{Region: "us-east-1", Image: "ce", Arch: "amd64", AMI: "ami-3"},
			{Region: "us-east-1", Image: "premium", Arch: "amd64"},
		},
		Findings: append([]audit.Difference{}, findings...),
		Notes:    []string{"us-east-1 has no premium/amd64; it is optional"},
	}
}

func TestVerified(t *testing.T) {
	withdrawn, back := verified(), verified(audit.Difference{Region: "eu-west-1", Image: "ce", Arch: "amd64", What: "public view", Want: "nothing", Got: "ami-1"})
	withdrawn.Withdrawn, back.Withdrawn = "eats disks", "eats disks\nand more"
	for name, v := range map[string]audit.Verified{
		"verify-ok": verified(), "verify-withdrawn": withdrawn, "verify-withdrawn-wrong": back,
		"verify-wrong": verified(
			audit.Difference{What: "catalog file", Want: "product v1.2.3", Got: "product v1.2.2"},
			audit.Difference{Region: "eu-west-1", What: "left over", Want: "nothing", Got: "key pair key-1"},
			audit.Difference{Region: "eu-west-1", Image: "premium", Arch: "amd64", What: "launch permission", Want: "333333333333", Got: "333333333333 all"},
			audit.Difference{Region: "eu-west-1", Image: "premium", Arch: "amd64", What: "public view", Want: "nothing", Got: "ami-2"},
			audit.Difference{Region: "eu-west-2", What: "not read", Want: "the owner's AMIs", Got: "InternalError: broken\nso it is"},
			audit.Difference{Region: "us-east-1", Image: "premium", Arch: "amd64", What: "public view", Want: "nothing", Got: "ami-9"},
		),
	} {
		var text, data bytes.Buffer
		report.Verified(&text, v)
		golden(t, name+".txt", text.Bytes())
		if err := report.JSON(&data, v); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", data.Bytes())
	}
}
