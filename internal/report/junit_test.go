package report_test

import (
	"bytes"
	"encoding/xml"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/report"
)

// stuck is the release of midway with a step that a blocker holds, and signs
// that XML does not take as they are.
func stuck() plan.Plan {
	_, p := midway()
	for i, s := range p.Steps {
		switch s.ID {
		case "copy/ce/amd64/eu-west-1":
			p.Steps[i].State, p.Steps[i].Why = plan.Blocked, "ami-1 has the name Product 1.2.3"
		case "share/ce/amd64/us-east-1":
			p.Steps[i].Why = "share ami-us-east-1: <no> & \"not\"\x01\nUnauthorizedOperation"
		case "publish/ce/amd64/us-east-1":
			p.Steps[i].Why = "after share/ce/amd64/us-east-1"
		}
	}
	waiting := p.Steps[2]
	waiting.ID, waiting.State, waiting.Why = "copy/ce/amd64/us-west-2", plan.Waiting, "AWS is copying ami-2"
	p.Steps = append(p.Steps[:4:4], append([]plan.Step{waiting}, p.Steps[4:]...)...)
	return p
}

func TestJUnit(t *testing.T) {
	var out bytes.Buffer
	if err := report.JUnit(&out, stuck()); err != nil {
		t.Fatal(err)
	}
	golden(t, "junit.xml", out.Bytes())
	out.Reset()
	if err := report.JUnit(&out, plan.Plan{Project: "product", Tag: "v1-rc1", Skip: "no images for candidates"}); err != nil {
		t.Fatal(err)
	}
	var empty struct {
		XMLName xml.Name
		Tests   string `xml:"tests,attr"`
	}
	if err := xml.Unmarshal(out.Bytes(), &empty); err != nil || empty.XMLName.Local != "testsuites" || empty.Tests != "0" {
		t.Errorf("a release of nothing: %v, %+v\n%s", err, empty, out.Bytes())
	}
}

func TestDotenv(t *testing.T) {
	d, p := midway()
	d.Version.Text = "1.2.3"
	for i := range p.Steps {
		p.Steps[i].Target.Image = "my-product"
	}
	var out bytes.Buffer
	if err := report.Dotenv(&out, d, p); err != nil {
		t.Fatal(err)
	}
	const want = "AMISHIP_TAG=v1.2.3\nAMISHIP_VERSION=1.2.3\nAMI_MY_PRODUCT_AMD64_US_EAST_1=ami-us-east-1\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
