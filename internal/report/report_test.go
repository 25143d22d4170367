package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
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
		return plan.Step{
			Action: plan.Action{ID: plan.ID(string(k) + "/ce/amd64/" + region), Kind: k, Target: key(region), Name: "Product 1.2.3", AMI: "ami-" + region},
			State:  s, Required: region != "ap-south-1", Why: why,
		}
	}
	built := step(plan.Build, "us-east-1", plan.Done, "")
	built.Took = 62 * time.Second
	p := plan.Plan{
		Project: "product", Tag: "v1.2.3",
		Steps: []plan.Step{
			built,
			step(plan.Copy, "ap-south-1", plan.Skipped, "ap-south-1 could not be read: InternalError"),
			step(plan.Copy, "eu-west-1", plan.Waiting, "AWS is copying ami-eu-west-1"),
			step(plan.Copy, "us-east-1", plan.Done, ""),
			step(plan.Share, "us-east-1", plan.Failed, "share ami-us-east-1: UnauthorizedOperation: no"),
			step(plan.Publish, "us-east-1", plan.After, ""),
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

func TestProgressSaysWhatIsNew(t *testing.T) {
	d, p := midway()
	var out bytes.Buffer
	pr := report.NewProgress(&out, func() time.Time { return look.At })
	pr.Plan(p)
	pr.Plan(p)
	p.Steps[2].State, p.Steps[2].Why = plan.Done, ""
	pr.Plan(p)
	golden(t, "progress.txt", out.Bytes())
	var file bytes.Buffer
	if err := report.JSON(&file, report.NewCatalog(d, p)); err != nil {
		t.Fatal(err)
	}
	golden(t, "catalog.json", file.Bytes())
}
