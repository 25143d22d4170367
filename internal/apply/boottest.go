package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/boottest"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// testMachines is how many are started: what must differ shows between two.
const testMachines = 2

// test starts machines from the candidate, in the group of the test's claim and
// with its key, which no build has seen, and writes the verdict as a tag of the
// candidate. The machines end with the claim.
func (a *Applier) test(ctx context.Context, act plan.Action) (Result, error) {
	v, err := a.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	group, key, err := a.claimed(act, act.Name)
	if err != nil {
		return Result{}, err
	}
	ctx, end := a.hearts.watch(ctx, act.Name)
	defer end()
	client := a.Clients.EC2(act.Target.Region)
	machines, err := a.startMachines(ctx, client, act, v, group)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", act.Target.Variant(), err)
	}
	ask := a.questions(ctx, v, key)
	rep, err := ask.Run(ctx, machines)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", act.Target.Variant(), err)
	}
	if len(rep.Failures) > 0 {
		a.consoles(ctx, client, machines, ask.Hide, rep.Logs)
		a.keepLogs(act, v, rep)
	}
	return a.verdict(ctx, client, act, v, rep)
}

// questions are what a variant's machines are asked.
func (a *Applier) questions(ctx context.Context, v release.Variant, key []byte) boottest.Test {
	return boottest.Test{
		User: v.Build.SSHUser, Key: key, Checks: v.Checks, Within: v.TestWithin, Poll: a.Poll, Hide: a.hiding(ctx, v),
	}
}

// hiding takes the licence out of what machines print. Where it is not at hand,
// as in a later run that has no secrets, nothing that they print may be kept.
func (a *Applier) hiding(ctx context.Context, v release.Variant) func(string) string {
	if v.Build.Licence.IsZero() {
		return func(text string) string { return text }
	}
	licence, err := a.Secret(ctx, v.Build.Licence)
	if err != nil {
		return func(string) string { return "(not shown: the licence, which may be in it, is not at hand)" }
	}
	return packer.Redactor([]string{string(licence)}).Replace
}

func (a *Applier) startMachines(ctx context.Context, client *ec2.Client, act plan.Action, v release.Variant, group string) ([]boottest.Machine, error) {
	if err := boottest.OpenPorts(ctx, client, group, v.Ports()); err != nil {
		return nil, err
	}
	tags := maps.Clone(act.Tags)
	tags["Name"] = "amiship tests " + v.Name
	return boottest.Launch{
		AMI: act.AMI, InstanceType: v.Build.InstanceType, Group: group, KeyName: act.Name,
		Subnet: v.Build.Subnet, Count: testMachines, Tags: tagList(tags), Poll: a.Poll,
	}.Start(ctx, client)
}

// verdict writes how the test ended, as a tag of the candidate.
func (a *Applier) verdict(ctx context.Context, client *ec2.Client, act plan.Action, v release.Variant, rep boottest.Report) (Result, error) {
	verdict := release.Verdict{OK: len(rep.Failures) == 0, Checks: v.ChecksDigest()}
	if !verdict.OK {
		verdict.Why = rep.Failures[0].String()
	}
	_, err := client.CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{act.AMI},
		Tags:      tagList(map[string]string{release.TagTested: release.TagValue(verdict.String())}),
	})
	if err != nil {
		return Result{}, fmt.Errorf("write the verdict on %s: %w", act.AMI, err)
	}
	return Result{Made: act.AMI}, nil
}

// consoles adds what machines wrote to theirs.
func (a *Applier) consoles(ctx context.Context, client *ec2.Client, machines []boottest.Machine, hide func(string) string, logs map[string][]byte) {
	for _, m := range machines {
		text, err := boottest.Console(ctx, client, m.ID)
		if err != nil {
			a.Log.Warn("console not kept", "error", err)
			continue
		}
		logs[m.ID+".console.log"] = []byte(hide(text))
	}
}

// keepLogs says what failed, and writes the machines' logs where a person finds
// them.
func (a *Applier) keepLogs(act plan.Action, v release.Variant, rep boottest.Report) {
	dir := filepath.Join(a.Logs, a.Desired.ClaimName(v))
	for _, f := range rep.Failures {
		a.Log.Warn("boot test failed", "variant", act.Target.Variant(), "check", f.String(), "logs", dir)
	}
	if err := writeLogs(dir, rep); err != nil {
		a.Log.Warn("logs of the boot test not kept", "error", err)
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
