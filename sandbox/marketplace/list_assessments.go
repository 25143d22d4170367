package marketplace

import (
	"cmp"
	"slices"

	"amiship/sandbox/wire"
)

// frameworkID is the one framework that AMIs are assessed by; assessments name it with its
// version.
const (
	frameworkID = "AMISecurity"
	frameworkAt = frameworkID + "@1.0"
)

type targetFilter struct {
	ChangeSetID string `json:"ChangeSetId"`
	EntityID    string `json:"EntityId"`
}

type optionFilter struct {
	DeliveryOptionID string `json:"DeliveryOptionId"`
}

type frameworkFilters struct {
	AMISecurityFilters       *optionFilter
	ContainerSecurityFilters *optionFilter
}

type listAssessmentsIn struct {
	Catalog                string `check:"required"`
	AssessmentTargetFilter *targetFilter
	FrameworkFilters       *frameworkFilters
	FrameworkID            string `json:"FrameworkId"`
	MaxResults             *int
	NextToken              string
}

type targetSummary struct {
	ChangeSetID string `json:"ChangeSetId,omitempty"`
	EntityID    string `json:"EntityId,omitempty"`
}

type optionSummary struct {
	DeliveryOptionID string `json:"DeliveryOptionId"`
}

type frameworkSummary struct{ AMISecuritySummary optionSummary }

type assessmentOut struct {
	AssessmentArn           string
	AssessmentID            string `json:"AssessmentId"`
	FrameworkID             string `json:"FrameworkId"`
	AssessmentTargetSummary targetSummary
	FrameworkSummary        *frameworkSummary `json:",omitempty"`
	AssessmentResult        string
	CreatedAt               string
	ExpiresAt               string
}

type listAssessmentsOut struct {
	AssessmentSummaryList []assessmentOut
	NextToken             *string `json:",omitempty"`
}

// listAssessments lists the account's assessments, the newest first.
func (m *Marketplace) listAssessments(c *wire.Call, in *listAssessmentsIn) (*listAssessmentsOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	var found []Assessment
	for _, a := range assessments.All(c.Tx, "") {
		if a.Account == c.Account.ID && in.wants(a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Assessment) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	page, next, err := wire.Page(wire.Paging{Max: 100, Size: 20, BadToken: "ValidationException"}, found, in.MaxResults, in.NextToken)
	out := &listAssessmentsOut{AssessmentSummaryList: []assessmentOut{}, NextToken: next}
	for _, a := range page {
		out.AssessmentSummaryList = append(out.AssessmentSummaryList, a.summary())
	}
	return out, err
}

func (in *listAssessmentsIn) check() error {
	if err := checkCatalog(in.Catalog); err != nil {
		return err
	}
	if f := in.FrameworkFilters; f != nil && (f.AMISecurityFilters == nil) == (f.ContainerSecurityFilters == nil) {
		return invalid("Exactly one member of FrameworkFilters must be set.")
	}
	return nil
}

func (in *listAssessmentsIn) wants(a Assessment) bool {
	t := targetFilter{}
	if in.AssessmentTargetFilter != nil {
		t = *in.AssessmentTargetFilter
	}
	if t.ChangeSetID != "" && t.ChangeSetID != a.ChangeSet || t.EntityID != "" && t.EntityID != a.Product {
		return false
	}
	if f := in.FrameworkFilters; f != nil {
		if f.AMISecurityFilters == nil || f.AMISecurityFilters.DeliveryOptionID != "" && f.AMISecurityFilters.DeliveryOptionID != a.Option {
			return false
		}
	}
	return in.FrameworkID == "" || in.FrameworkID == frameworkID
}

func (a Assessment) summary() assessmentOut {
	out := assessmentOut{
		AssessmentArn: a.arn(), AssessmentID: a.ID, FrameworkID: frameworkAt, AssessmentResult: a.result(),
		AssessmentTargetSummary: targetSummary{a.ChangeSet, a.Product}, CreatedAt: stamp(a.Created), ExpiresAt: stamp(a.Expires),
	}
	if a.Option != "" {
		out.FrameworkSummary = &frameworkSummary{optionSummary{a.Option}}
	}
	return out
}

type describeAssessmentIn struct {
	Catalog              string `check:"required"`
	AssessmentIdentifier string `check:"required"`
	MaxResults           *int
	NextToken            string
}

type controlOut struct {
	ControlID               string `json:"ControlId"`
	ControlAssessmentResult string
	Errors                  []ControlError
}

type describeAssessmentOut struct {
	assessmentOut
	ControlAssessments []controlOut
	NextToken          *string `json:",omitempty"`
}

// describeAssessment finds an assessment by its id or its ARN.
func (m *Marketplace) describeAssessment(c *wire.Call, in *describeAssessmentIn) (*describeAssessmentOut, error) {
	if err := checkCatalog(in.Catalog); err != nil {
		return nil, err
	}
	for _, a := range assessments.All(c.Tx, "") {
		if a.Account != c.Account.ID || in.AssessmentIdentifier != a.ID && in.AssessmentIdentifier != a.arn() {
			continue
		}
		page, next, err := wire.Page(wire.Paging{Max: 100, Size: 50, BadToken: "ValidationException"}, a.Controls, in.MaxResults, in.NextToken)
		out := &describeAssessmentOut{assessmentOut: a.summary(), ControlAssessments: []controlOut{}, NextToken: next}
		for _, control := range page {
			out.ControlAssessments = append(out.ControlAssessments, controlOut{control.ID, control.Result, append([]ControlError{}, control.Errors...)})
		}
		return out, err
	}
	return nil, notFound("Assessment '%s' was not found.", in.AssessmentIdentifier)
}
