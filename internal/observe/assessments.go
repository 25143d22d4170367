package observe

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/world"
)

// assessmentPage is the largest page of assessments.
const assessmentPage = 100

// assessments reads the newest assessment of each delivery option of a listing's product: a
// call for a hundred assessments.
func (o *Observer) assessments(ctx context.Context, q world.Query) ([]world.Assessment, error) {
	l, err := o.Desired.Listing(q.Listing)
	if err != nil {
		return nil, err
	}
	client := o.Clients.As(l.Role, l.ExternalID).Marketplace()
	all, err := assessmentsOf(ctx, client, types.AssessmentTargetFilter{EntityId: aws.String(l.Product)})
	if err != nil {
		return nil, fmt.Errorf("list the assessments of the product %s: %w", l.Product, err)
	}
	var newest []world.Assessment
	seen := map[string]bool{}
	for _, a := range all { // the newest first
		if a.Option != "" && !seen[a.Option] {
			seen[a.Option] = true
			newest = append(newest, a)
		}
	}
	return newest, nil
}

func assessmentsOf(ctx context.Context, client *marketplacecatalog.Client, of types.AssessmentTargetFilter) ([]world.Assessment, error) {
	var out []world.Assessment
	pages := marketplacecatalog.NewListAssessmentsPaginator(client, &marketplacecatalog.ListAssessmentsInput{
		Catalog: aws.String(marketplace.Catalog), FrameworkId: aws.String(marketplace.AMISecurity), AssessmentTargetFilter: &of, MaxResults: aws.Int32(assessmentPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range page.AssessmentSummaryList {
			a := world.Assessment{ID: aws.ToString(s.AssessmentId), Failed: s.AssessmentResult == types.AssessmentResultFail}
			if of, ok := s.FrameworkSummary.(*types.FrameworkSummaryMemberAMISecuritySummary); ok {
				a.Option = aws.ToString(of.Value.DeliveryOptionId)
			}
			a.Created, _ = time.Parse(time.RFC3339, aws.ToString(s.CreatedAt))
			a.Expires, _ = time.Parse(time.RFC3339, aws.ToString(s.ExpiresAt))
			out = append(out, a)
		}
	}
	return out, nil
}

// assessment reads the controls that have failed in one.
func (o *Observer) assessment(ctx context.Context, q world.Query) ([]world.Control, error) {
	l, err := o.Desired.Listing(q.Listing)
	if err != nil {
		return nil, err
	}
	return failedControls(ctx, o.Clients.As(l.Role, l.ExternalID).Marketplace(), q.ID)
}

func failedControls(ctx context.Context, client *marketplacecatalog.Client, id string) ([]world.Control, error) {
	var out []world.Control
	pages := marketplacecatalog.NewDescribeAssessmentPaginator(client, &marketplacecatalog.DescribeAssessmentInput{
		Catalog: aws.String(marketplace.Catalog), AssessmentIdentifier: aws.String(id), MaxResults: aws.Int32(assessmentPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe the assessment %s: %w", id, err)
		}
		for _, c := range page.ControlAssessments {
			if c.ControlAssessmentResult == types.ControlAssessmentResultFail {
				out = append(out, controlOf(c))
			}
		}
	}
	return out, nil
}

func controlOf(c types.ControlAssessment) world.Control {
	out := world.Control{ID: aws.ToString(c.ControlId)}
	for _, e := range c.Errors {
		found := world.ControlError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
		for _, s := range e.Scope {
			found.Scope = append(found.Scope, aws.ToString(s.Name)+" "+aws.ToString(s.Value))
		}
		out.Errors = append(out.Errors, found)
	}
	return out
}

// refusedControls reads which controls a change set has failed, for a description that says
// that it was refused.
func refusedControls(ctx context.Context, client *marketplacecatalog.Client, set string, d *world.SetDetails) {
	if d.Status != world.SetFailed || len(d.Errors()) == 0 {
		return
	}
	all, err := assessmentsOf(ctx, client, types.AssessmentTargetFilter{ChangeSetId: aws.String(set)})
	for _, a := range all {
		if !a.Failed {
			continue
		}
		controls, missed := failedControls(ctx, client, a.ID)
		d.Controls, err = append(d.Controls, controls...), cmp.Or(err, missed)
	}
	if err != nil {
		d.Unassessed = awsapi.Text(err)
	}
}
