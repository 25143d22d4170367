package scenarios

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// verifyBundle is the example with a private image beside the public one, in
// two regions and a best-effort one.
func verifyBundle(t *testing.T) string {
	t.Helper()
	file := instantBundle(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := regionsLine.ReplaceAllString(string(text), "  required: [us-east-1, eu-west-1]\n  best_effort: [eu-west-3]")
	if !strings.Contains(out, "\nimages:\n") || out == string(text) {
		t.Fatal("the example has changed: adapt this test")
	}
	out = strings.Replace(out, "\nimages:\n", `
images:
  premium:
    arch: [amd64]
    name: "Prometheus {version} Premium"
    share: ["684062674729", "679593333241"]
    tags: {Product: Prometheus Premium}
`, 1)
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestVerifyFindsFaults breaks a finished release in every way, and lets verify
// say what is wrong with it.
func TestVerifyFindsFaults(t *testing.T) {
	t.Parallel()
	f := finishedRelease(t)
	for name, c := range wrecks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := f.wreck(t)
			c.do(w)
			code, out := w.verify()
			if code != 1 || !regexp.MustCompile(`(?m)^prometheus v2\.42\.0: \d+ findings?, `).MatchString(out) {
				t.Errorf("exit %d, want 1 and a sum of findings", code)
			}
			for _, want := range c.want {
				if !regexp.MustCompile(`(?m)^  WRONG  .*` + want).MatchString(out) {
					t.Errorf("no finding fits %s", want)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

// TestVerifyOfAFinishedRelease finds nothing, and changes nothing.
func TestVerifyOfAFinishedRelease(t *testing.T) {
	t.Parallel()
	w := finishedRelease(t).wreck(t)
	code, out := w.verify()
	if code != 0 || !strings.Contains(out, "prometheus v2.42.0: 6 AMIs in 3 regions are as configured, ") || strings.Contains(out, "WRONG") {
		t.Errorf("exit %d, want 0 and no finding\n%s", code, out)
	}
	perRegion, others := map[string]int{}, 0
	for _, c := range w.b.calls(t, 0) {
		perRegion[c.Region]++
		if c.Account == "210987654321" {
			others++
		}
		if !c.ReadOnly {
			t.Errorf("verify calls %s", c.Action)
		}
	}
	if n := perRegion["eu-west-1"]; n > 14 || others < 3 {
		t.Errorf("%d calls in eu-west-1, %d as the customer; want at most 14, at least one in each region", n, others)
	}
	code, out = w.verify("--json")
	var seen struct {
		Owner, Customer string
		AMIs            []struct{ Region, AMI string }
		Findings        []any
	}
	if err := json.Unmarshal([]byte(out), &seen); err != nil || code != 0 || len(seen.AMIs) != 6 || len(seen.Findings) != 0 ||
		seen.Owner != "123456789012" || seen.Customer != "210987654321" {
		t.Errorf("--json: exit %d, %v\n%s", code, err, out)
	}
}

// TestVerifyWithoutABestEffortRegion: what it lacks is noted, what is there must
// be right.
func TestVerifyWithoutABestEffortRegion(t *testing.T) {
	t.Parallel()
	w := finishedRelease(t).wreck(t)
	for _, image := range []string{"prometheus", "premium"} {
		_, err := w.ec2.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{
			ImageId: aws.String(w.ami(t, image, "eu-west-3")), DeleteAssociatedSnapshots: aws.Bool(true),
		}, func(o *ec2.Options) { o.Region = "eu-west-3" })
		if err != nil {
			t.Fatal(err)
		}
	}
	w.edit(`(?s),\s*"eu-west-3": "ami-\w+"`, ``)
	code, out := w.verify()
	if code != 0 || !strings.Contains(out, "4 AMIs in 3 regions are as configured") || !strings.Contains(out, "eu-west-3 has no premium/amd64; it is optional") {
		t.Errorf("exit %d, want 0 and a note\n%s", code, out)
	}
}
