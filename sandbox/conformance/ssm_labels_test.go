package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/sandbox/wire/wiretest"
)

func (s *shop) labels(c *awssdk.Client, name string) string {
	s.Helper()
	out, err := c.GetParameterHistory(s.Context(), &awssdk.GetParameterHistoryInput{Name: &name})
	if err != nil {
		s.Fatal(err)
	}
	var all []string
	for _, p := range out.Parameters {
		all = append(all, fmt.Sprint(p.Version, p.Labels))
	}
	return strings.Join(all, " ")
}

// TestLabels: a label is of one version, moves, and selects; what is no label is said.
func TestLabels(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	for _, v := range []string{"a", "b"} {
		if err := s.put(c, "/p/x", v, overwrite, func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeString }); err != nil {
			t.Fatal(err)
		}
	}
	label := func(version *int64, labels ...string) (*awssdk.LabelParameterVersionOutput, error) {
		return c.LabelParameterVersion(t.Context(), &awssdk.LabelParameterVersionInput{Name: aws.String("/p/x"), ParameterVersion: version, Labels: labels})
	}
	if out, err := label(aws.Int64(1), "prod", "9a", "awsx", "Ssm", "old"); err != nil || strings.Join(out.InvalidLabels, " ") != "9a awsx Ssm" || out.ParameterVersion != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err := label(nil, "prod"); err != nil || out.ParameterVersion != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := s.labels(c, "/p/x"); got != "1 [old] 2 [prod]" {
		t.Errorf("labels are %s", got)
	}
	s.want(c, "/p/x:prod", "b", 2)
	s.want(c, "/p/x:old", "a", 1)
	s.want(c, "/p/x:none", "ParameterVersionNotFound", 0)
	by := func(label string) string {
		out, err := c.GetParametersByPath(t.Context(), &awssdk.GetParametersByPathInput{Path: aws.String("/p"), ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Label"), Values: []string{label}}}})
		if err != nil || len(out.Parameters) != 1 {
			return fmt.Sprint(err)
		}
		return *out.Parameters[0].Value
	}
	if by("old") != "a" || by("none") != "<nil>" {
		t.Errorf("by path, old is %s and none is %s", by("old"), by("none"))
	}
	_, err := label(aws.Int64(3), "x")
	wiretest.WantCode(t, err, "ParameterVersionNotFound")
	_, err = label(aws.Int64(2), strings.Fields("a b c d e f g h i j")...)
	wiretest.WantCode(t, err, "ParameterVersionLabelLimitExceeded")
	out, err := c.UnlabelParameterVersion(t.Context(), &awssdk.UnlabelParameterVersionInput{Name: aws.String("/p/x"), ParameterVersion: aws.Int64(2), Labels: []string{"prod", "old"}})
	if err != nil || strings.Join(out.RemovedLabels, " ") != "prod" || strings.Join(out.InvalidLabels, " ") != "old" {
		t.Errorf("removed: %+v, %v", out, err)
	}
}

// TestAHundredVersions: the oldest goes for a new one, unless it carries a label.
func TestAHundredVersions(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	put := func() error {
		return s.put(c, "/many", "v", overwrite, func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeString })
	}
	for range 101 {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	s.want(c, "/many:1", "ParameterVersionNotFound", 0)
	if _, err := c.LabelParameterVersion(t.Context(), &awssdk.LabelParameterVersionInput{Name: aws.String("/many"), ParameterVersion: aws.Int64(2), Labels: []string{"keep"}}); err != nil {
		t.Fatal(err)
	}
	wiretest.WantCode(t, put(), "ParameterMaxVersionLimitExceeded")
	s.want(c, "/many", "v", 101)
}

// TestOneNameTwoSpellings: name and /name are one parameter.
func TestOneNameTwoSpellings(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	if err := s.put(c, "one", "v"); err != nil {
		t.Fatal(err)
	}
	s.want(c, "/one", "v", 1)
	s.want(c, "arn:aws:ssm:eu-west-1:"+vendor+":parameter/one", "v", 1)
	wiretest.WantCode(t, s.put(c, "/one", "v"), "ParameterAlreadyExists")
	wiretest.WantCode(t, s.put(c, "two", "a {{ssm:one}} b"), "ValidationException")
	out, err := c.GetParameters(t.Context(), &awssdk.GetParametersInput{Names: []string{"one", "one", "none", "none"}})
	if err != nil || len(out.Parameters) != 1 || len(out.InvalidParameters) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := c.DeleteParameter(t.Context(), &awssdk.DeleteParameterInput{Name: aws.String("/one")}); err != nil {
		t.Error(err)
	}
	s.want(c, "one", "ParameterNotFound", 0)
}

// TestConstraintsFirst: what is wrong with the form of filters is said before what they mean,
// and all of it; a list is in short pages.
func TestConstraintsFirst(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	_, err := c.DescribeParameters(t.Context(), &awssdk.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
		{Key: aws.String("Label"), Values: []string{"x"}}, {Key: aws.String("Colour")}, {Key: aws.String("Name"), Option: aws.String("over 10 chars")},
	}})
	wiretest.WantCode(t, err, "ValidationException")
	for _, want := range []string{"2 validation errors detected:", "parameterFilters.2.member.key", "parameterFilters.3.member.option"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	_, err = c.DescribeParameters(t.Context(), &awssdk.DescribeParametersInput{
		Filters:          []types.ParametersFilter{{Key: "Name", Values: []string{"x"}}},
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Values: []string{"x"}}},
	})
	wiretest.WantCode(t, err, "ValidationException")
	for i := range 23 {
		if err := s.put(c, fmt.Sprintf("/n/%02d", i), "v"); err != nil {
			t.Fatal(err)
		}
	}
	var pages []int
	for p := awssdk.NewDescribeParametersPaginator(c, &awssdk.DescribeParametersInput{}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, len(page.Parameters))
	}
	if !slices.Equal(pages, []int{10, 10, 3}) {
		t.Errorf("pages of %v", pages)
	}
}
