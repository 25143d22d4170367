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
	rep, err := boottest.Test{
		User: v.Build.SSHUser, Key: key, Checks: v.Checks, Within: v.TestWithin, Poll: a.Poll,
	}.Run(ctx, machines)
	if err != nil {
		return Result{}, fmt.Errorf("test %s: %w", act.Target.Variant(), err)
	}
	return a.verdict(ctx, client, act, v, machines, rep)
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

// verdict writes how the test ended: as a tag, and, of one that failed, what its
// machines said.
func (a *Applier) verdict(ctx context.Context, client *ec2.Client, act plan.Action, v release.Variant, machines []boottest.Machine, rep boottest.Report) (Result, error) {
	verdict := release.Verdict{OK: len(rep.Failures) == 0, Checks: v.ChecksDigest()}
	if !verdict.OK {
		verdict.Why = rep.Failures[0].String()
		for _, m := range machines {
			if text, err := boottest.Console(ctx, client, m.ID); err != nil {
				a.Log.Warn("console not kept", "error", err)
			} else {
				rep.Logs[m.ID+".console.log"] = []byte(text)
			}
		}
		a.keepLogs(ctx, act, v, rep)
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

// keepLogs says what failed, and writes the machines' logs where a person finds
// them, without the licence.
func (a *Applier) keepLogs(ctx context.Context, act plan.Action, v release.Variant, rep boottest.Report) {
	dir := filepath.Join(a.Logs, a.Desired.ClaimName(v))
	for _, f := range rep.Failures {
		a.Log.Warn("boot test failed", "variant", act.Target.Variant(), "check", f.String(), "logs", dir)
	}
	if err := a.writeLogs(ctx, dir, v, rep); err != nil {
		a.Log.Warn("logs of the boot test not kept", "error", err)
	}
}

func (a *Applier) writeLogs(ctx context.Context, dir string, v release.Variant, rep boottest.Report) error {
	var secrets []string
	if !v.Build.Licence.IsZero() {
		if licence, err := a.Secret(ctx, v.Build.Licence); err == nil {
			secrets = append(secrets, string(licence))
		}
	}
	hide := packer.Redactor(secrets)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var lines []string
	for _, f := range rep.Failures {
		lines = append(lines, f.String()+"\n")
	}
	errs := []error{os.WriteFile(filepath.Join(dir, "failures.txt"), []byte(strings.Join(lines, "")), 0o600)}
	for _, name := range slices.Sorted(maps.Keys(rep.Logs)) {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(hide.Replace(string(rep.Logs[name]))), 0o600))
	}
	return errors.Join(errs...)
}
