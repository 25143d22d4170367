package outside

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
)

// assessed checks what Marketplace has found in the version since it was published: its newest
// assessment. That it expires soon, or could not be read, is a note.
func (s *shelf) assessed(ctx context.Context, option string) {
	client := s.Owner.As(s.Role, s.ExternalID).Marketplace()
	out, err := client.ListAssessments(ctx, &marketplacecatalog.ListAssessmentsInput{
		Catalog: aws.String(marketplace.Catalog), MaxResults: aws.Int32(1), // the newest first
		FrameworkFilters: &types.FrameworkFiltersMemberAMISecurityFilters{Value: types.AMISecurityFilters{DeliveryOptionId: aws.String(option)}},
	})
	if err != nil {
		s.notes = append(s.notes, fmt.Sprintf("listing %s: Marketplace's assessment not read: %s", s.Name, awsapi.Text(err)))
		return
	}
	for _, a := range out.AssessmentSummaryList {
		if a.AssessmentResult == types.AssessmentResultFail {
			s.differs("assessment", "PASS", "FAIL of "+day(a.CreatedAt)+": "+s.failed(ctx, client, a.AssessmentId))
			continue
		}
		if at, err := time.Parse(time.RFC3339, aws.ToString(a.ExpiresAt)); err == nil && at.Sub(s.Owner.Now()) <= s.AssessmentNotice {
			s.notes = append(s.notes, fmt.Sprintf("listing %s: Marketplace's assessment of %q expires %s", s.Name, s.Version.Title, day(a.ExpiresAt)))
		}
	}
}

// failed names the controls that have failed.
func (s *shelf) failed(ctx context.Context, client *marketplacecatalog.Client, id *string) string {
	var out []string
	pages := marketplacecatalog.NewDescribeAssessmentPaginator(client, &marketplacecatalog.DescribeAssessmentInput{
		Catalog: aws.String(marketplace.Catalog), AssessmentIdentifier: id,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "its controls could not be read: " + awsapi.Text(err)
		}
		for _, c := range page.ControlAssessments {
			if c.ControlAssessmentResult != types.ControlAssessmentResultFail {
				continue
			}
			what := aws.ToString(c.ControlId)
			for _, e := range c.Errors {
				what += " " + aws.ToString(e.Message)
			}
			out = append(out, what)
		}
	}
	return strings.Join(out, ", ")
}

// day is the date of a moment as the Catalog writes it.
func day(moment *string) string {
	date, _, _ := strings.Cut(aws.ToString(moment), "T")
	return date
}
