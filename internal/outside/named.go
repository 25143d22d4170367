package outside

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
)

// Parameters finds, in some regions, the project's parameters that name an AMI which
// does not exist: those of releases that AWS has no longer, whatever the catalog
// calls them today. A parameter is the project's by its description, or by its name.
func (a Audit) Parameters(ctx context.Context, regions []string) (audit.Verified, error) {
	seen := audit.Verified{Project: a.Desired.Project, AMIs: []audit.Sight{}, Findings: []audit.Difference{}}
	before := a.calls()
	looks := make([]*look, len(regions))
	for i, region := range regions {
		looks[i] = &look{Audit: a, Target: release.Target{Region: region}}
	}
	err := each(ctx, looks, (*look).dangling)
	for _, l := range looks {
		seen.Findings, seen.Notes = append(seen.Findings, l.found...), append(seen.Notes, l.notes...)
	}
	byPlace(seen.Findings)
	seen.Calls = a.calls() - before
	return seen, err
}

// dangling reports the project's parameters in a region whose AMI is gone.
func (l *look) dangling(ctx context.Context) {
	names, err := l.projectParameters(ctx)
	if awsapi.Denied(awsapi.Code(err)) {
		l.notes = append(l.notes, fmt.Sprintf("%s: parameters of retired releases are not verified: %s", l.Region, awsapi.Text(err)))
		return
	}
	held, more := l.valuesOf(ctx, names)
	gone, last := l.gone(ctx, held)
	if err := errors.Join(err, more, last); err != nil {
		l.unread("parameters", err)
		return
	}
	for _, name := range names {
		if slices.Contains(gone, held[name]) {
			l.found = append(l.found, audit.Difference{
				Region: l.Region, What: "parameter", Want: "no " + name + ", or an AMI that exists", Got: held[name] + ", which does not exist",
			})
		}
	}
}

// projectParameters lists the names of the project's parameters of AMIs, sorted.
func (l *look) projectParameters(ctx context.Context) ([]string, error) {
	var out []string
	pages := ssm.NewDescribeParametersPaginator(l.Owner.SSM(l.Region), &ssm.DescribeParametersInput{
		MaxResults:       aws.Int32(50),
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("DataType"), Values: []string{record.ParameterType}}},
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe parameters: %w", err)
		}
		for _, p := range got.Parameters {
			if record.ParameterProject(aws.ToString(p.Description)) == l.Desired.Project || l.hasNameOf(aws.ToString(p.Name)) {
				out = append(out, aws.ToString(p.Name))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// hasNameOf reports whether the catalog gives a parameter that name at some version.
func (l *look) hasNameOf(name string) bool {
	return slices.ContainsFunc(l.Desired.Forms, func(f release.Form) bool {
		return slices.ContainsFunc(f.Parameters, func(expr string) bool { return regexp.MustCompile(expr).MatchString(name) })
	})
}

// gone are the AMIs among the values of parameters that the owner can see nowhere: a
// parameter may name an AMI of another account.
func (l *look) gone(ctx context.Context, held map[string]string) ([]string, error) {
	var ids []string
	for _, id := range held {
		if strings.HasPrefix(id, "ami-") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	there := map[string]bool{}
	for some := range slices.Chunk(ids, values) {
		found, err := images(ctx, l.Owner.EC2(l.Region), &ec2.DescribeImagesInput{
			IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), Filters: []ec2types.Filter{filter("image-id", some...)},
		})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			there[aws.ToString(i.ImageId)] = true
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { return there[id] }), nil
}
