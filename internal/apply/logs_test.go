package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/wire"
)

// booting is a fixture whose claim of a boot test is held, with the test's step. The
// sandbox's machines end every command with 0.
func booting(t *testing.T, check release.Check) (*fixture, plan.Action) {
	f := newFixture(t, oneImage)
	f.Desired = buildsIn("")
	f.Desired.Variants[0].Checks, f.Desired.Variants[0].TestWithin = []release.Check{check}, time.Minute
	if _, err := f.Do(t.Context(), claiming("amiship-p-test")); err != nil {
		t.Fatal(err)
	}
	act := f.step(t, plan.Test, "ours")
	act.Change = plan.BootTest{Image: act.Image(), Claim: "amiship-p-test", Tags: plan.Tags{record.TagProject: "1:p"}}
	return f, act
}

// TestFailedBootTest: the verdict is on the candidate, with the check that failed;
// what tells why is in a directory that its owner alone reads.
func TestFailedBootTest(t *testing.T) {
	f, act := booting(t, release.Check{Run: "systemctl is-active p", Exit: 3})
	res, err := f.Do(t.Context(), act)
	if err != nil || res.Made != act.Image().AMI {
		t.Fatal(res, err)
	}
	verdict, ok := record.ReadVerdict(f.image(t, "ours").Tag(record.TagTested))
	if !ok || verdict.OK || !strings.Contains(verdict.Why, "exit status 0, want 3") || verdict.Checks != f.Desired.Variants[0].ChecksDigest() {
		t.Errorf("the verdict is %+v", verdict)
	}
	logs := f.logs(t)
	if got := logs["failures.txt"]; strings.Count(got, "run systemctl is-active p: exit status 0, want 3") != testMachines {
		t.Errorf("failures.txt: %q", got)
	}
	consoles := 0
	for name, text := range logs {
		if strings.HasSuffix(name, ".console.log") && text != "" {
			consoles++
		}
	}
	if consoles != testMachines {
		t.Errorf("%d consoles of %d machines: %q", consoles, testMachines, logs)
	}
}

// TestPassedBootTest: a candidate that passes says so, and leaves no logs.
func TestPassedBootTest(t *testing.T) {
	f, act := booting(t, release.Check{Run: "systemctl is-active p"})
	if _, err := f.Do(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	if verdict, ok := record.ReadVerdict(f.image(t, "ours").Tag(record.TagTested)); !ok || !verdict.OK {
		t.Errorf("the verdict is %+v", verdict)
	}
	if logs := f.logs(t); len(logs) > 0 {
		t.Errorf("logs: %q", logs)
	}
}

// TestMachinesOfABootTest: one instance answers requests to its metadata service with
// tokens only, the other as the AMI says; the other is stopped and started once.
func TestMachinesOfABootTest(t *testing.T) {
	f, act := booting(t, release.Check{Run: "true"})
	if _, err := f.Do(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	if got, want := f.box.Calls(t, "RunInstances", "StopInstances", "StartInstances"), []string{"RunInstances", "RunInstances", "StopInstances", "StartInstances"}; !slices.Equal(got, want) {
		t.Errorf("called %q, want %q", got, want)
	}
	out, err := f.Clients.EC2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			settings = append(settings, fmt.Sprint(i.MetadataOptions.HttpTokens, aws.ToInt32(i.MetadataOptions.HttpPutResponseHopLimit)))
		}
	}
	slices.Sort(settings)
	if want := []string{"optional1", "required1"}; !slices.Equal(settings, want) {
		t.Errorf("the metadata services are %q, want %q", settings, want)
	}
}

// TestMachinesWhereTokensAreEnforced: an account that enforces IMDSv2 tests an AMI that does
// not require tokens on two instances that do.
func TestMachinesWhereTokensAreEnforced(t *testing.T) {
	f, act := booting(t, release.Check{Run: "true"})
	_, err := f.Clients.EC2(home).ModifyInstanceMetadataDefaults(t.Context(), &ec2.ModifyInstanceMetadataDefaultsInput{HttpTokensEnforced: "enabled"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Do(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	out, err := f.Clients.EC2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	launched := 0
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			launched++
			if i.MetadataOptions.HttpTokens != "required" {
				t.Errorf("the tokens of %s are %s", aws.ToString(i.InstanceId), i.MetadataOptions.HttpTokens)
			}
		}
	}
	if launched != 2 {
		t.Errorf("%d instances, want 2", launched)
	}
}

// TestNoCapacity: where AWS has no capacity for the first instance type, the next is
// tried; where it has for none, the error says what to change. Another refusal is final.
func TestNoCapacity(t *testing.T) {
	for code, c := range map[string]struct {
		times int
		want  string
	}{
		awsapi.NoCapacity: {1, ""}, awsapi.NotInZone: {1, ""}, awsapi.NoCapacity + ".": {1, "InsufficientInstanceCapacity."}, "UnauthorizedOperation": {1, "UnauthorizedOperation"},
	} {
		t.Run(code, func(t *testing.T) {
			f, act := booting(t, release.Check{Run: "true"})
			v := &f.Desired.Variants[0].Build
			first := v.InstanceType
			v.Others = []release.LaunchTarget{{InstanceType: "m5.large"}}
			f.box.Meets(t, wire.Fault{Action: "RunInstances", Code: code, Status: 400, Times: c.times})
			_, err := f.Do(t.Context(), act)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := f.typesOf(t), []string{"m5.large", first}; !slices.Equal(got, want) {
				t.Errorf("launched %q, want %q", got, want)
			}
		})
	}
	t.Run("anywhere", func(t *testing.T) {
		f, act := booting(t, release.Check{Run: "true"})
		f.box.Meets(t, refuses("RunInstances", awsapi.NoCapacity))
		if _, err := f.Do(t.Context(), act); err == nil || !strings.Contains(err.Error(), "can be named in build.instance and build.subnet") {
			t.Errorf("got %v", err)
		}
	})
}

// typesOf are the types of all instances, sorted.
func (f *fixture) typesOf(t *testing.T) (all []string) {
	t.Helper()
	out, err := f.Clients.EC2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			all = append(all, string(i.InstanceType))
		}
	}
	slices.Sort(all)
	return all
}

// TestPortsOfListings: what a listing opens is what its image may listen on.
func TestPortsOfListings(t *testing.T) {
	d := buildsIn("")
	v := d.Variants[0]
	open := marketplace.Version{SecurityGroups: []marketplace.SecurityGroup{{Protocol: "tcp", From: 8000, To: 8010}}}
	d.Listings = []release.Listing{{Image: v.Image, Arch: v.Arch, Version: open}, {Image: v.Image, Arch: "riscv", Version: open}}
	if got := offered(d, v); !slices.Equal(got, []boottest.Range{{From: 8000, To: 8010}}) {
		t.Errorf("got %v", got)
	}
}

// logs are the files below Logs, by name. Only the owner reads them.
func (f *fixture) logs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(f.Logs, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for of, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
			if info, err := os.Stat(of); err != nil || info.Mode() != want {
				t.Errorf("%s has the mode %v, want %v (%v)", of, info.Mode(), want, err)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(path)] = string(text)
	}
	return out
}

// TestBootTestThatIsNoVerdict: machines that do not start, or a verdict that can't be
// written, say nothing about the candidate.
func TestBootTestThatIsNoVerdict(t *testing.T) {
	for action, says := range map[string]string{
		"RunInstances": "test p/amd64: launch ami-", "CreateTags": "write the verdict on ami-", "AuthorizeSecurityGroupIngress": "test p/amd64: ",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f, act := booting(t, release.Check{Run: "true"})
			f.Desired.Variants[0].Checks = append(f.Desired.Variants[0].Checks, release.Check{Port: 8080, Path: "/"})
			if action == "CreateTags" {
				f.Desired.Variants[0].Checks = nil
			}
			f.box.Meets(t, refuses(action, "UnauthorizedOperation"))
			_, err := f.Do(t.Context(), act)
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want %q", err, says)
			}
			f.box.Meets(t)
			if now := f.image(t, "ours"); now.Tags[record.TagTested] != "" {
				t.Errorf("it has a verdict: %s", now.Tags[record.TagTested])
			}
		})
	}
}

// TestConsolesHideTheLicense: what machines write to their consoles is hidden as all
// that they print; a console that can't be read leaves the others.
func TestConsolesHideTheLicense(t *testing.T) {
	f, act := booting(t, release.Check{Run: "true"})
	claim, _ := f.heartbeats.held(plan.As[plan.BootTest](act).Claim)
	launch := launchOf(act, f.Desired.Variants[0], claim.group)
	launch.Poll = f.Poll
	machines, err := f.tests().startMachines(t.Context(), f.Clients.EC2(home), act, f.Desired.Variants[0], launch)
	if err != nil {
		t.Fatal(err)
	}
	logs := map[string][]byte{}
	gone := boottest.Machine{ID: "i-00000000000000000"}
	f.tests().consoles(t.Context(), f.Clients.EC2(home), append(machines, gone), func(string) string { return "hidden" }, logs)
	if len(logs) != testMachines {
		t.Errorf("%d consoles, want %d", len(logs), testMachines)
	}
	for name, text := range logs {
		if string(text) != "hidden" {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestLogsThatCannotBeKept: the failure is known by the verdict, whatever becomes of
// the logs.
func TestLogsThatCannotBeKept(t *testing.T) {
	f, act := booting(t, release.Check{Run: "true", Exit: 1})
	f.Logs = filepath.Join(f.Logs, "file")
	if err := os.WriteFile(f.Logs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Do(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	if verdict, ok := record.ReadVerdict(f.image(t, "ours").Tag(record.TagTested)); !ok || verdict.OK {
		t.Errorf("the verdict is %+v", verdict)
	}
}

// TestTestEndsWithItsClaim: a test whose claim was lost makes no verdict.
func TestTestEndsWithItsClaim(t *testing.T) {
	f, act := booting(t, release.Check{Run: "true"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Do(ctx, act); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if now := f.image(t, "ours"); now.State != world.Available || now.Tags[record.TagTested] != "" {
		t.Errorf("it is %+v", now)
	}
	out, err := f.Clients.EC2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)})
	if err != nil || len(out.Reservations) > 0 {
		t.Errorf("%d launches, %v", len(out.Reservations), err)
	}
}
