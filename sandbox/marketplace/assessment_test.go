package marketplace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// assessed lists assessments by the real client, in small pages.
func (r *rig) assessed(t *testing.T, account string, in marketplacecatalog.ListAssessmentsInput) (out []types.AssessmentSummary) {
	t.Helper()
	in.Catalog, in.MaxResults = aws.String("AWSMarketplace"), aws.Int32(1)
	for p := marketplacecatalog.NewListAssessmentsPaginator(r.catalog(account, "us-east-1"), &in); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.AssessmentSummaryList...)
	}
	return out
}

// controls are those of an assessment that have that result.
func (r *rig) controls(t *testing.T, identifier *string, result types.ControlAssessmentResult) (ids []string, errs []types.ControlError) {
	t.Helper()
	for p := marketplacecatalog.NewDescribeAssessmentPaginator(r.catalog(vendor, "us-east-1"), &marketplacecatalog.DescribeAssessmentInput{
		Catalog: aws.String("AWSMarketplace"), AssessmentIdentifier: identifier, MaxResults: aws.Int32(4),
	}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.ControlAssessments {
			if c.ControlAssessmentResult == result {
				ids, errs = append(ids, *c.ControlId), append(errs, c.Errors...)
			}
		}
	}
	return ids, errs
}

func ofSet(id string) marketplacecatalog.ListAssessmentsInput {
	return marketplacecatalog.ListAssessmentsInput{AssessmentTargetFilter: &types.AssessmentTargetFilter{ChangeSetId: aws.String(id)}}
}

func ofOption(id string) marketplacecatalog.ListAssessmentsInput {
	return marketplacecatalog.ListAssessmentsInput{FrameworkFilters: &types.FrameworkFiltersMemberAMISecurityFilters{Value: types.AMISecurityFilters{DeliveryOptionId: aws.String(id)}}}
}

// TestEachScanIsAnAssessment: a version that is refused and one that is added have one each,
// with what was found by control; that of the version is its delivery option's.
func TestEachScanIsAnAssessment(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	refused := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy"))))
	r.ends(t, refused, "SCAN_ERROR")
	added := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good"))))
	r.ends(t, added, "")
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("3.0", r.image("us-east-1", "coded")))), "EXISTING_AMI_PRODUCT_CODE")

	all := r.assessed(t, vendor, marketplacecatalog.ListAssessmentsInput{FrameworkId: aws.String("AMISecurity"), AssessmentTargetFilter: &types.AssessmentTargetFilter{EntityId: aws.String(thing)}})
	if len(all) != 2 || all[0].AssessmentResult != "PASS" || all[1].AssessmentResult != "FAIL" || *all[0].AssessmentTargetSummary.ChangeSetId != added {
		t.Fatalf("there are %+v", all)
	}
	if a := all[1]; a.FrameworkSummary != nil || *a.FrameworkId != "AMISecurity@1.0" || *a.CreatedAt != "2026-11-22T13:00:00Z" || *a.ExpiresAt != "2027-02-20T13:00:00Z" ||
		*a.AssessmentArn != "arn:aws:aws-marketplace:us-east-1::AWSMarketplace/Assessment/"+*a.AssessmentId {
		t.Errorf("that of the refused version is %+v", a)
	}
	ids, errs := r.controls(t, r.assessed(t, vendor, ofSet(refused))[0].AssessmentId, "FAIL")
	if len(ids) != 1 || ids[0] != "authorized-keys" || len(errs) != 1 || *errs[0].Code != "AUTHORIZED_KEYS" || *errs[0].Scope[1].Name != "FILE_PATH" || *errs[0].Scope[1].Value != "/root/.ssh/authorized_keys" {
		t.Errorf("%v have failed, by %+v", ids, errs)
	}
	if ids, _ := r.controls(t, all[1].AssessmentArn, "NOT_EXECUTED"); strings.Join(ids, " ") != "end-of-life malware vulnerabilities" {
		t.Errorf("%v were not executed", ids)
	}
	_, doc := r.entity(thing)
	option := doc.Versions[len(doc.Versions)-1].DeliveryOptions[0].Id
	if got := r.assessed(t, vendor, ofOption(option)); len(got) != 1 || *got[0].AssessmentId != *all[0].AssessmentId {
		t.Errorf("the version has %+v", got)
	}
	for name, in := range map[string]marketplacecatalog.ListAssessmentsInput{
		"of another framework":      {FrameworkId: aws.String("ContainerSecurity")},
		"of containers":             {FrameworkFilters: &types.FrameworkFiltersMemberContainerSecurityFilters{}},
		"of another product":        {AssessmentTargetFilter: &types.AssessmentTargetFilter{EntityId: aws.String(fresh)}},
		"of product and change set": {AssessmentTargetFilter: &types.AssessmentTargetFilter{EntityId: aws.String(fresh), ChangeSetId: &added}},
	} {
		if got := r.assessed(t, vendor, in); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := r.assessed(t, customer, marketplacecatalog.ListAssessmentsInput{}); len(got) > 0 {
		t.Errorf("another account sees %+v", got)
	}
	_, err := r.catalog(customer, "us-east-1").DescribeAssessment(t.Context(), &marketplacecatalog.DescribeAssessmentInput{Catalog: aws.String("AWSMarketplace"), AssessmentIdentifier: all[0].AssessmentId})
	wiretest.WantCode(t, err, "ResourceNotFoundException")
	_, err = r.catalog(vendor, "us-east-1").ListAssessments(t.Context(), &marketplacecatalog.ListAssessmentsInput{Catalog: aws.String("AWSMarketplace"), MaxResults: aws.Int32(101)})
	wiretest.WantCode(t, err, "ValidationException")
}

// TestUnscannedAndExempt: where no disk is read, no control of it passes; what a product is
// exempt from fails nothing.
func TestUnscannedAndExempt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    marketplace.Settings
		exempt []string
		result types.ControlAssessmentResult
	}{
		"not scanned": {marketplace.Settings{Scan: marketplace.ScanOff}, nil, "NOT_EXECUTED"},
		"exempt":      {marketplace.Settings{}, []string{"authorized-keys"}, "EXEMPTION_PASS"},
	} {
		w := testWorld()
		w.Products[0].Exempt = c.exempt
		r := newRigWith(t, c.set, w)
		id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy"))))
		r.ends(t, id, "")
		a := r.assessed(t, vendor, ofSet(id))
		if len(a) != 1 || a[0].AssessmentResult != "PASS" {
			t.Fatalf("%s: %+v", name, a)
		}
		if ids, _ := r.controls(t, a[0].AssessmentId, c.result); !strings.Contains(strings.Join(ids, " "), "authorized-keys") {
			t.Errorf("%s: %s are %v", name, c.result, ids)
		}
	}
}

// TestAssessedLater: a world has a version fail some time after it was added, and an
// assessment that was not made passes into the next process.
func TestAssessedLater(t *testing.T) {
	t.Parallel()
	w := testWorld()
	w.Assessments = []marketplace.WorldAssessment{{Product: thing, Version: "2.0", After: hours(48), Failed: []marketplace.WorldError{{Control: "vulnerabilities", Message: "CVE-2026-1"}}}}
	r := newRigWith(t, marketplace.Settings{AssessmentValid: 72 * time.Hour}, w)
	r.pass(100 * time.Hour)
	if got := r.assessed(t, vendor, marketplacecatalog.ListAssessmentsInput{}); len(got) > 0 {
		t.Fatalf("before the version is there, it is assessed: %+v", got)
	}
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good")))), "")
	_, doc := r.entity(thing)
	option := doc.Versions[len(doc.Versions)-1].DeliveryOptions[0].Id
	r.restart()
	r.pass(47 * time.Hour)
	for _, want := range []int{1, 2, 2} {
		if got := r.assessed(t, vendor, ofOption(option)); len(got) != want {
			t.Fatalf("%d assessments, want %d", len(got), want)
		}
		r.pass(2 * time.Hour)
	}
	newest := r.assessed(t, vendor, ofOption(option))[0]
	if newest.AssessmentResult != "FAIL" || newest.AssessmentTargetSummary.ChangeSetId != nil {
		t.Errorf("the newest is %+v", newest)
	}
	if ids, errs := r.controls(t, newest.AssessmentId, "FAIL"); len(ids) != 1 || ids[0] != "vulnerabilities" || *errs[0].Message != "CVE-2026-1" || *errs[0].Code != "VULNERABILITIES" {
		t.Errorf("%v have failed, by %+v", ids, errs)
	}
}

// TestWorldsRefusalsAreAssessed: a failure that a world names is in an assessment, if it
// names the control.
func TestWorldsRefusalsAreAssessed(t *testing.T) {
	t.Parallel()
	errs := []marketplace.WorldError{{Code: "SCAN_ERROR", Message: "Keys.", Control: "authorized-keys"}}
	w := testWorld()
	w.ChangeSets = []marketplace.WorldChangeSet{{Product: narrow, Name: "was refused", Status: "FAILED", Started: hours(50), Took: hours(1), Errors: errs}}
	w.Outcomes = []marketplace.Outcome{{Product: thing, Status: "FAILED", Errors: errs, Times: 1}, {Product: thing, Status: "FAILED", Errors: []marketplace.WorldError{{Code: "SCAN_ERROR", Message: "Keys."}}}}
	r := newRigWith(t, marketplace.Settings{}, w)
	for range 2 {
		r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good")))), "SCAN_ERROR")
	}
	all := r.assessed(t, vendor, marketplacecatalog.ListAssessmentsInput{})
	if len(all) != 2 || *all[0].AssessmentTargetSummary.EntityId != thing || *all[1].CreatedAt != "2026-11-20T11:00:00Z" {
		t.Errorf("there are %+v", all)
	}
}
