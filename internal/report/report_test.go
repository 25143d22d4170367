package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); go test -update writes it anew:\n%s", path, diff)
	}
}

func key(region string) release.Key {
	return release.Key{Image: "ce", Arch: "amd64", Place: release.Place{Region: region}}
}

// midway is a release in which everything that can happen has happened.
func midway() (release.Desired, plan.Plan) {
	d := release.Desired{
		Project: "product", Tag: "v1.2.3",
		Variants: []release.Variant{{Image: "ce", Arch: "amd64", Name: "Product 1.2.3", Public: true, Share: []string{"111111111111"}}},
		Targets:  []release.Target{{Region: "ap-south-1"}, {Region: "eu-west-1", Required: true}, {Region: "us-east-1", Required: true}},
	}
	step := func(k plan.Kind, region string, s plan.State, why string) plan.Step {
		image := plan.Image{Name: "Product 1.2.3", AMI: "ami-" + region}
		change := map[plan.Kind]plan.Change{
			plan.Build: plan.BuildCandidate{Image: image}, plan.Copy: plan.CopyImage{Image: image},
			plan.Share: plan.ShareImage{Image: image}, plan.Publish: plan.PublishImage{Image: image},
		}[k]
		return plan.Step{
			Action: plan.Action{ID: plan.ID(string(k) + "/ce/amd64/" + region), Target: key(region), Change: change},
			State:  s, Required: region != "ap-south-1", Why: why,
		}
	}
	built := step(plan.Build, "us-east-1", plan.Done, "")
	built.Took = 62 * time.Second
	p := plan.Plan{
		Project: "product", Tag: "v1.2.3", Again: "amiship release v1.2.3",
		Steps: []plan.Step{
			built,
			step(plan.Copy, "ap-south-1", plan.Skipped, "ap-south-1 could not be read: InternalError"),
			step(plan.Copy, "eu-west-1", plan.Waiting, "AWS is copying ami-eu-west-1"),
			step(plan.Copy, "us-east-1", plan.Done, ""),
			step(plan.Share, "us-east-1", plan.Failed, "share ami-us-east-1: UnauthorizedOperation: no"),
			step(plan.Publish, "us-east-1", plan.Queued, ""),
		},
		Waits: []plan.Wait{{On: "copy/ce/amd64/eu-west-1", Why: "AWS is copying ami-eu-west-1"}},
		Blockers: []plan.Blocker{{
			ID: "name/ce/amd64/eu-west-1", Why: "ami-1 has the name Product 1.2.3", Holds: []plan.ID{"copy/ce/amd64/eu-west-1"},
			Remedies: []plan.Remedy{{Name: "deregister", Command: "aws ec2 deregister-image", Cost: "it is gone"}},
		}},
	}
	return d, p
}

var look = report.Look{At: time.Date(2026, 11, 22, 12, 4, 31, 0, time.UTC), Took: 400 * time.Millisecond, Calls: 62}

func TestTexts(t *testing.T) {
	d, p := midway()
	var planned, ended, skipped bytes.Buffer
	report.Plan(&planned, d, p, look)
	golden(t, "plan.txt", planned.Bytes())
	report.Result(&ended, d, p, engine.HasFailed, look)
	golden(t, "result.txt", ended.Bytes())
	report.Plan(&skipped, release.Desired{Project: "product", Tag: "v1-rc1"}, plan.Plan{Skip: "no images for candidates"}, look)
	golden(t, "skip.txt", skipped.Bytes())
}

func TestCatalogOfAMIs(t *testing.T) {
	d, p := midway()
	p.Steps[2].State, p.Steps[2].Why = plan.Done, ""
	var file bytes.Buffer
	if err := report.JSON(&file, report.NewCatalog(report.Part{Desired: d, Plan: p})); err != nil {
		t.Fatal(err)
	}
	golden(t, "catalog.json", file.Bytes())
}

// TestStepsSayWhy: of a queued step, the path to what it waits for, or else what the step is
// about, which a person confirms.
func TestStepsSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		step plan.Step
		want string
	}{
		"ready":               {step: plan.Step{State: plan.Ready, Why: "1 minor newer"}, want: "1 minor newer"},
		"queued, with a path": {step: plan.Step{State: plan.Queued, Why: "1 minor newer", WaitsFor: []string{"gate", "copy"}}, want: "gate → copy"},
		"queued, without one": {step: plan.Step{State: plan.Queued, Why: "1 minor newer"}, want: "1 minor newer"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			report.Steps(&out, plan.Plan{Steps: []plan.Step{c.step}})
			if !strings.HasSuffix(out.String(), c.want+"\n") {
				t.Errorf("got %q, want it to end in %q", out.String(), c.want)
			}
		})
	}
}

// TestEndsAtItsStage: a run that was to stop before the release is complete ends with the
// stage, and with the ids of the candidates.
func TestEndsAtItsStage(t *testing.T) {
	d, p := midway()
	here := release.Key{Image: "ce", Arch: "amd64", Place: release.Place{Region: "us-east-1"}}
	built := plan.Step{State: plan.Done, Action: plan.Action{ID: "build", Target: here, Change: plan.BuildCandidate{Image: plan.Image{AMI: "ami-1", Name: "amiship-product-ce"}}}}
	tested := plan.Step{State: plan.Done, Action: plan.Action{ID: "test", Target: here, Change: plan.BootTest{}}}
	p.Steps, p.Waits, p.Blockers = []plan.Step{built, tested}, nil, nil
	var out bytes.Buffer
	report.Result(&out, d, p.Until(plan.UntilTested), engine.Complete, look)
	for _, want := range []string{"ce/amd64  us-east-1  ami-1  amiship-product-ce  candidate, tested\n", "product v1.2.3: tested, 400ms, 62 calls\n", "continue: amiship release v1.2.3\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	out.Reset()
	report.Result(&out, d, p, engine.Complete, look)
	if text := out.String(); !strings.Contains(text, "product v1.2.3: complete, ") || strings.Contains(text, "continue") {
		t.Errorf("of a release that is complete it says %s", text)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
