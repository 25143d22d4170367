package conformance

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ssm"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

// shop is a Parameter Store with images that a test can add and take away.
type shop struct {
	*bench
	images map[string]bool // account, region, id
}

func newShop(t *testing.T) *shop {
	s := &shop{images: map[string]bool{}}
	s.bench = newBench(t, func(store *cloud.Store) []wire.Service {
		return []wire.Service{ssm.New(ssm.Config{Store: store, ImageCheck: time.Minute, ImageExists: func(_ *cloud.Tx, account, region, image string) bool {
			return s.images[account+" "+region+" "+image]
		}}).Service()}
	})
	return s
}

func (s *shop) client(account, region string) *awssdk.Client {
	return awssdk.NewFromConfig(s.config(account, region))
}

func (s *shop) put(c *awssdk.Client, name, value string, more ...func(*awssdk.PutParameterInput)) error {
	in := &awssdk.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString}
	for _, f := range more {
		f(in)
	}
	_, err := c.PutParameter(s.Context(), in)
	return err
}

// get returns the value and the version, or the error's code.
func (s *shop) get(c *awssdk.Client, name string) (string, int64) {
	out, err := c.GetParameter(s.Context(), &awssdk.GetParameterInput{Name: &name})
	if err != nil {
		return wiretest.Code(err), 0
	}
	return *out.Parameter.Value, out.Parameter.Version
}

func (s *shop) want(c *awssdk.Client, name, value string, version int64) {
	s.Helper()
	if v, n := s.get(c, name); v != value || n != version {
		s.Errorf("%s is %q, version %d; want %q, version %d", name, v, n, value, version)
	}
}

func overwrite(in *awssdk.PutParameterInput) { in.Overwrite, in.Type = aws.Bool(true), "" }
func asImage(in *awssdk.PutParameterInput)   { in.DataType = aws.String("aws:ec2:image") }

func TestVersions(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	for i, v := range []string{"a", "b", "c"} {
		if err := s.put(c, "/x", v, func(in *awssdk.PutParameterInput) { in.Overwrite = aws.Bool(i > 0) }); err != nil {
			t.Fatal(err)
		}
	}
	s.want(c, "/x", "c", 3)
	s.want(c, "/x:2", "b", 2)
	s.want(c, "arn:aws:ssm:eu-west-1:123456789012:parameter/x", "c", 3)
	s.want(c, "/x:9", "ParameterVersionNotFound", 0)
	for i := range 100 {
		if err := s.put(c, "/x", strconv.Itoa(i), overwrite); err != nil {
			t.Fatal(err)
		}
	}
	s.want(c, "/x", "99", 103)
	s.want(c, "/x:3", "ParameterVersionNotFound", 0)
	s.want(c, "/x:4", "0", 4)
	history := awssdk.NewGetParameterHistoryPaginator(c, &awssdk.GetParameterHistoryInput{Name: aws.String("/x"), MaxResults: aws.Int32(30)})
	var n []int64
	for history.HasMorePages() {
		page, err := history.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Parameters {
			n = append(n, p.Version)
		}
	}
	if len(n) != 100 || n[0] != 4 || !slices.IsSorted(n) {
		t.Errorf("the history has versions %v", n)
	}
}

func TestPrivate(t *testing.T) {
	s := newShop(t)
	own := s.client(vendor, "eu-west-1")
	if err := s.put(own, "/x", "mine"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*awssdk.Client{
		"another account": s.client(customer, "eu-west-1"), "another region": s.client(vendor, "eu-west-2"),
	} {
		for _, ref := range []string{"/x", "arn:aws:ssm:eu-west-1:123456789012:parameter/x"} {
			if v, _ := s.get(c, ref); v != "ParameterNotFound" {
				t.Errorf("%s sees %s: %s", name, ref, v)
			}
		}
		out, err := c.GetParametersByPath(t.Context(), &awssdk.GetParametersByPathInput{Path: aws.String("/")})
		if err != nil || len(out.Parameters) != 0 {
			t.Errorf("%s lists %v (%v)", name, out, err)
		}
		if _, err := c.DeleteParameter(t.Context(), &awssdk.DeleteParameterInput{Name: aws.String("/x")}); wiretest.Code(err) != "ParameterNotFound" {
			t.Errorf("%s deletes: %v", name, err)
		}
	}
	s.want(own, "/x", "mine", 1)
}

// TestImage: the answer comes before AWS has looked for the image.
func TestImage(t *testing.T) {
	const id = "ami-0123456789abcdef0"
	there := vendor + " eu-west-1 " + id
	t.Run("there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(vendor, "eu-west-1")
		s.images[there] = true
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.want(c, "/ami", "ParameterNotFound", 0)
		delete(s.images, there) // AWS has looked by then
		s.advance(time.Minute)
		s.want(c, "/ami", id, 1)
	})
	t.Run("not there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(vendor, "eu-west-1")
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		if err := s.put(c, "/ami", id, asImage); wiretest.Code(err) != "ParameterAlreadyExists" {
			t.Errorf("a second time before the look: %v", err)
		}
		s.advance(time.Minute)
		s.want(c, "/ami", "ParameterNotFound", 0)
		s.images[there] = true // too late
		s.advance(time.Hour)
		s.want(c, "/ami", "ParameterNotFound", 0)
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Errorf("again: %v", err)
		}
	})
	t.Run("soon there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(vendor, "eu-west-1")
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.images[there] = true
		s.advance(time.Minute)
		s.want(c, "/ami", id, 1)
	})
	t.Run("changed to one that is not", func(t *testing.T) {
		s := newShop(t)
		c := s.client(vendor, "eu-west-1")
		s.images[there] = true
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.advance(time.Minute)
		if err := s.put(c, "/ami", "ami-0fffffffffffffff0", overwrite, asImage); err != nil {
			t.Fatal(err)
		}
		s.want(c, "/ami", id, 1)
		s.advance(time.Minute)
		s.want(c, "/ami", id, 1)
		if err := s.put(c, "/ami", id, overwrite, asImage); err != nil {
			t.Fatal(err)
		}
		s.advance(time.Minute)
		s.want(c, "/ami", id, 2)
	})
}

func TestPutIsRefused(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
	for _, name := range []string{"/there", "/strict"} {
		if err := s.put(c, name, "abc", func(in *awssdk.PutParameterInput) { in.AllowedPattern = aws.String("[a-z]*") }); err != nil {
			t.Fatal(err)
		}
	}
	tagged := func(in *awssdk.PutParameterInput) {
		in.Tags = []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	}
	untyped := func(in *awssdk.PutParameterInput) { in.Type = "" }
	tests := map[string]struct {
		name, value string
		more        []func(*awssdk.PutParameterInput)
		code, text  string
	}{
		"exists":             {"/there", "x", nil, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."},
		"tags and overwrite": {"/there", "x", []func(*awssdk.PutParameterInput){overwrite, tagged}, "ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."},
		"no type":            {"/new", "x", []func(*awssdk.PutParameterInput){untyped}, "ValidationException", "A parameter type is required when you create a parameter."},
		"another type":       {"/there", "x", []func(*awssdk.PutParameterInput){overwrite, func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeStringList }}, "HierarchyTypeMismatchException", ""},
		"pattern":            {"/strict", "123", []func(*awssdk.PutParameterInput){overwrite}, "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: [a-z]*"},
		"no pattern":         {"/new", "x", []func(*awssdk.PutParameterInput){func(in *awssdk.PutParameterInput) { in.AllowedPattern = aws.String("[") }}, "InvalidAllowedPatternException", ""},
		"data type":          {"/new", "x", []func(*awssdk.PutParameterInput){func(in *awssdk.PutParameterInput) { in.DataType = aws.String("Text") }}, "ValidationException", "The following data type is not supported: Text (Data type names are all lowercase.)"},
		"too long":           {"/new", strings.Repeat("x", 4097), nil, "ValidationException", ""},
		"reserved":           {"/aws/new", "x", nil, "AccessDeniedException", "No access to reserved parameter name: /aws/new."},
		"reserved start":     {"ssm-new", "x", nil, "ValidationException", ""},
		"no slash":           {"a/b", "x", nil, "ValidationException", "Parameter name must be a fully qualified name."},
		"symbols":            {"/a b", "x", nil, "ValidationException", ""},
		"deep":               {strings.Repeat("/a", 16), "x", nil, "HierarchyLevelLimitExceededException", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := s.put(c, tt.name, tt.value, tt.more...)
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != tt.code {
				t.Fatalf("answers %v, want %s", err, tt.code)
			}
			if tt.text != "" && api.ErrorMessage() != tt.text {
				t.Errorf("the text is %q, want %q", api.ErrorMessage(), tt.text)
			}
		})
	}
	for _, fine := range []string{"plain", "/a/b", strings.Repeat("/a", 15), "/my/aws", "/with.dots-and_more"} {
		if err := s.put(c, fine, "x"); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
	if err := s.put(c, "/long", strings.Repeat("x", 4097), func(in *awssdk.PutParameterInput) { in.Tier = types.ParameterTierIntelligentTiering }); err != nil {
		t.Errorf("a long value that may become advanced: %v", err)
	}
}
