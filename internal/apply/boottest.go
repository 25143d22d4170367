package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// testMachines is how many are started: what must differ shows between two.
const testMachines = 2

// tests boots candidates, under a claim of this run.
type tests struct {
	targets
	log     *slog.Logger
	logs    string
	tell    func(plan.ID, string, time.Duration)
	poll    time.Duration
	access  *access
	claims  *heartbeats
	secrets secrets
	marker  marker
}

// test launches instances from the candidate, in the group of the test's claim
// and with its key, which no build has seen, and writes the verdict as a tag of
// the candidate. The instances end with the claim.
func (t tests) test(ctx context.Context, act plan.Action) (Result, error) {
	v, err := t.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	claim, err := t.claims.claimed(act, plan.As[plan.BootTest](act).Claim)
	if err != nil {
		return Result{}, err
	}
	return claim.under(ctx, func(ctx context.Context) (Result, error) { return t.bootTest(ctx, act, v, claim) })
}

func (t tests) bootTest(ctx context.Context, act plan.Action, v release.Variant, claim heldClaim) (Result, error) {
	client := t.clients.EC2(act.Target.Region)
	launch := launchOf(act, v, claim.group)
	launch.Poll = t.poll
	machines, err := t.startMachines(ctx, client, act, v, launch)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", act.Target.Variant(), err)
	}
	ask := t.questions(ctx, v, claim.key)
	ask.Restart = func(ctx context.Context, m boottest.Machine) (boottest.Machine, error) {
		return launch.Restart(ctx, client, m)
	}
	ask.Saw = func(text string) { t.tell(act.ID, text, v.TestWithin) }
	ask.Tell = func(text string) { t.log.Warn("boot test", "variant", act.Target.Variant(), "answer", text) }
	rep, err := ask.Run(ctx, machines)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", act.Target.Variant(), err)
	}
	for _, note := range rep.Notes {
		t.log.Warn("boot test", "variant", act.Target.Variant(), "note", note)
	}
	if len(rep.Failures) > 0 {
		t.consoles(ctx, client, machines, ask.Hide, rep.Logs)
		t.keepLogs(act, v, rep)
	}
	return t.verdict(ctx, client, act, v, rep)
}

// questions are the checks of a variant's instances.
func (t tests) questions(ctx context.Context, v release.Variant, key []byte) boottest.Test {
	return boottest.Test{
		User: v.Build.SSHUser, Key: key, Checks: v.Checks, Within: v.TestWithin, Poll: t.poll, Hide: t.secrets.hiding(ctx, v),
		Allow: v.TestAllow, Ports: offered(*t.desired, v),
	}
}

// offered are the ranges of ports that the listings of a variant name.
func offered(d release.Desired, v release.Variant) (ports []boottest.Range) {
	for _, l := range d.Listings {
		if l.Image != v.Image || l.Arch != v.Arch {
			continue
		}
		for _, g := range l.Version.SecurityGroups {
			ports = append(ports, boottest.Range{From: g.From, To: g.To})
		}
	}
	return ports
}

// launchOf is how the instances of a variant's test are started.
func launchOf(act plan.Action, v release.Variant, group string) boottest.Launch {
	tags := maps.Clone(act.Tags())
	tags["Name"] = "amiship tests " + v.Name
	return boottest.Launch{
		AMI: act.Image().AMI, Targets: v.Build.LaunchTargets(), Group: group, KeyName: plan.As[plan.BootTest](act).Claim, Tags: tagList(tags),
	}
}

func (t tests) startMachines(ctx context.Context, client *ec2.Client, act plan.Action, v release.Variant, l boottest.Launch) ([]boottest.Machine, error) {
	from, err := t.access.from(ctx, t.clients, act.Target.Region, v.Build)
	if err != nil {
		return nil, err
	}
	if err := boottest.OpenPorts(ctx, client, l.Group, v.Ports(), from); err != nil {
		return nil, err
	}
	// One whose metadata service accepts no request without a token, as accounts require of
	// theirs; and one as the AMI says.
	return l.Start(ctx, client, &boottest.Metadata{Tokens: true, Hops: 1}, nil)
}

// verdict writes how the test ended, as a tag of the candidate.
func (t tests) verdict(ctx context.Context, client *ec2.Client, act plan.Action, v release.Variant, rep boottest.Report) (Result, error) {
	verdict := record.Verdict{OK: len(rep.Failures) == 0, Checks: v.ChecksDigest()}
	if !verdict.OK {
		verdict.Why = rep.Failures[0].String()
	}
	_, err := client.CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{act.Image().AMI},
		Tags: tagList(map[string]string{
			record.TagTested: record.TagValue(verdict.String()), record.MarkTag(record.Tested): t.marker.mark(ctx, ""),
		}),
	})
	if err != nil {
		return Result{}, fmt.Errorf("write the verdict on %s: %w", act.Image().AMI, err)
	}
	return Result{Made: act.Image().AMI}, nil
}

// consoles adds the consoles' output of instances.
func (t tests) consoles(ctx context.Context, client *ec2.Client, machines []boottest.Machine, hide func(string) string, logs map[string][]byte) {
	for _, m := range machines {
		text, err := boottest.Console(ctx, client, m.ID)
		if err != nil {
			t.log.Warn("console not kept", "error", err)
			continue
		}
		logs[m.ID+".console.log"] = []byte(hide(text))
	}
}

// keepLogs reports what failed, and writes the instances' logs where a person
// finds them.
func (t tests) keepLogs(act plan.Action, v release.Variant, rep boottest.Report) {
	dir := filepath.Join(t.logs, t.desired.Owner(v).Name())
	for _, f := range rep.Failures {
		t.log.Warn("boot test failed", "variant", act.Target.Variant(), "check", f.String(), "logs", dir)
	}
	if err := writeLogs(dir, rep); err != nil {
		t.log.Warn("logs of the boot test not kept", "error", awsapi.Text(err))
	}
}

func writeLogs(dir string, rep boottest.Report) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var lines []string
	for _, f := range rep.Failures {
		lines = append(lines, f.String()+"\n")
	}
	errs := []error{os.WriteFile(filepath.Join(dir, "failures.txt"), []byte(strings.Join(lines, "")), 0o600)}
	for _, name := range slices.Sorted(maps.Keys(rep.Logs)) {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), rep.Logs[name], 0o600))
	}
	return errors.Join(errs...)
}
