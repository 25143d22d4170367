package ssm

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
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

// shop is a Parameter Store with images that a test can add and take away.
type shop struct {
	*wiretest.Bench
	images map[string]bool // account, region, id
}

func newShop(t *testing.T) *shop {
	s := &shop{images: map[string]bool{}}
	s.Bench = wiretest.New(t, func(store *cloud.Store) []wire.Service {
		return []wire.Service{New(Config{Store: store, ImageCheck: time.Minute, ImageExists: func(_ *cloud.Tx, account, region, image string) bool {
			return s.images[account+" "+region+" "+image]
		}}).Service()}
	})
	return s
}

func (s *shop) client(account, region string) *awssdk.Client {
	return awssdk.NewFromConfig(s.Config(account, region))
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
func text(s string) *string                  { return &s }

func TestVersions(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
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
	history := awssdk.NewGetParameterHistoryPaginator(c, &awssdk.GetParameterHistoryInput{Name: text("/x"), MaxResults: aws.Int32(30)})
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
	vendor := s.client(wiretest.Vendor, "eu-west-1")
	if err := s.put(vendor, "/x", "mine"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*awssdk.Client{
		"another account": s.client(wiretest.Customer, "eu-west-1"), "another region": s.client(wiretest.Vendor, "eu-west-2"),
	} {
		for _, ref := range []string{"/x", "arn:aws:ssm:eu-west-1:123456789012:parameter/x"} {
			if v, _ := s.get(c, ref); v != "ParameterNotFound" {
				t.Errorf("%s sees %s: %s", name, ref, v)
			}
		}
		out, err := c.GetParametersByPath(t.Context(), &awssdk.GetParametersByPathInput{Path: text("/")})
		if err != nil || len(out.Parameters) != 0 {
			t.Errorf("%s lists %v (%v)", name, out, err)
		}
		if _, err := c.DeleteParameter(t.Context(), &awssdk.DeleteParameterInput{Name: text("/x")}); wiretest.Code(err) != "ParameterNotFound" {
			t.Errorf("%s deletes: %v", name, err)
		}
	}
	s.want(vendor, "/x", "mine", 1)
}

// TestImage: the answer comes before AWS has looked for the image.
func TestImage(t *testing.T) {
	const id = "ami-0123456789abcdef0"
	there := wiretest.Vendor + " eu-west-1 " + id
	t.Run("there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(wiretest.Vendor, "eu-west-1")
		s.images[there] = true
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.want(c, "/ami", "ParameterNotFound", 0)
		delete(s.images, there) // AWS has looked by then
		s.Advance(time.Minute)
		s.want(c, "/ami", id, 1)
	})
	t.Run("not there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(wiretest.Vendor, "eu-west-1")
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		if err := s.put(c, "/ami", id, asImage); wiretest.Code(err) != "ParameterAlreadyExists" {
			t.Errorf("a second time before the look: %v", err)
		}
		s.Advance(time.Minute)
		s.want(c, "/ami", "ParameterNotFound", 0)
		s.images[there] = true // too late
		s.Advance(time.Hour)
		s.want(c, "/ami", "ParameterNotFound", 0)
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Errorf("again: %v", err)
		}
	})
	t.Run("soon there", func(t *testing.T) {
		s := newShop(t)
		c := s.client(wiretest.Vendor, "eu-west-1")
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.images[there] = true
		s.Advance(time.Minute)
		s.want(c, "/ami", id, 1)
	})
	t.Run("changed to one that is not", func(t *testing.T) {
		s := newShop(t)
		c := s.client(wiretest.Vendor, "eu-west-1")
		s.images[there] = true
		if err := s.put(c, "/ami", id, asImage); err != nil {
			t.Fatal(err)
		}
		s.Advance(time.Minute)
		if err := s.put(c, "/ami", "ami-0fffffffffffffff0", overwrite, asImage); err != nil {
			t.Fatal(err)
		}
		s.want(c, "/ami", id, 1)
		s.Advance(time.Minute)
		s.want(c, "/ami", id, 1)
		if err := s.put(c, "/ami", id, overwrite, asImage); err != nil {
			t.Fatal(err)
		}
		s.Advance(time.Minute)
		s.want(c, "/ami", id, 2)
	})
}

func TestPutIsRefused(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	for _, name := range []string{"/there", "/strict"} {
		if err := s.put(c, name, "abc", func(in *awssdk.PutParameterInput) { in.AllowedPattern = text("[a-z]*") }); err != nil {
			t.Fatal(err)
		}
	}
	tagged := func(in *awssdk.PutParameterInput) { in.Tags = []types.Tag{{Key: text("k"), Value: text("v")}} }
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
		"no pattern":         {"/new", "x", []func(*awssdk.PutParameterInput){func(in *awssdk.PutParameterInput) { in.AllowedPattern = text("[") }}, "InvalidAllowedPatternException", ""},
		"data type":          {"/new", "x", []func(*awssdk.PutParameterInput){func(in *awssdk.PutParameterInput) { in.DataType = text("Text") }}, "ValidationException", "The following data type is not supported: Text (Data type names are all lowercase.)"},
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

func TestByPath(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	for _, n := range []string{"/a/1", "/a/2", "/a/b/3", "/ab/4", "plain"} {
		if err := s.put(c, n, n); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		path      string
		recursive bool
		want      string
	}{
		"one level":      {"/a", false, "/a/1 /a/2"},
		"slash at end":   {"/a/", false, "/a/1 /a/2"},
		"recursive":      {"/a", true, "/a/1 /a/2 /a/b/3"},
		"root":           {"/", false, "plain"},
		"root recursive": {"/", true, "/a/1 /a/2 /a/b/3 /ab/4 plain"},
		"a parameter":    {"/a/1", true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			pages := awssdk.NewGetParametersByPathPaginator(c, &awssdk.GetParametersByPathInput{Path: &tt.path, Recursive: &tt.recursive, MaxResults: aws.Int32(2)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page.Parameters {
					got = append(got, *p.Name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("lists %v, want %s", got, tt.want)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	for _, n := range []string{"/a/1", "/a/b/2", "/c"} {
		if err := s.put(c, n, "v", func(in *awssdk.PutParameterInput) { in.Tags = []types.Tag{{Key: text("name"), Value: &n}} }); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.put(c, "/list", "a,b", func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeStringList })
	f := func(key, option string, values ...string) []types.ParameterStringFilter {
		out := types.ParameterStringFilter{Key: &key, Values: values}
		if option != "" {
			out.Option = &option
		}
		return []types.ParameterStringFilter{out}
	}
	tests := map[string]struct {
		filters []types.ParameterStringFilter
		want    string // names, or an error's code
	}{
		"all":            {nil, "/a/1 /a/b/2 /c /list"},
		"name":           {f("Name", "", "/c", "/a/1"), "/a/1 /c"},
		"begins":         {f("Name", "BeginsWith", "/a"), "/a/1 /a/b/2"},
		"contains":       {f("Name", "Contains", "b"), "/a/b/2"},
		"path":           {f("Path", "", "/a"), "/a/1"},
		"recursive":      {f("Path", "Recursive", "/a"), "/a/1 /a/b/2"},
		"type":           {f("Type", "", "StringList"), "/list"},
		"tag":            {f("tag:name", "", "/c"), "/c"},
		"tag key":        {f("tag:name", ""), "/a/1 /a/b/2 /c"},
		"and":            {append(f("Type", "", "String"), f("Path", "", "/a")...), "/a/1"},
		"unknown key":    {f("Colour", "", "red"), "InvalidFilterKey"},
		"unknown option": {f("Name", "Near", "x"), "InvalidFilterOption"},
		"no values":      {f("Name", ""), "InvalidFilterValue"},
		"twice":          {append(f("Type", "", "String"), f("Type", "", "String")...), "ValidationException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := c.DescribeParameters(t.Context(), &awssdk.DescribeParametersInput{ParameterFilters: tt.filters})
			got := wiretest.Code(err)
			if err == nil {
				var names []string
				for _, p := range out.Parameters {
					names = append(names, *p.Name)
				}
				got = strings.Join(names, " ")
			}
			if got != tt.want {
				t.Errorf("answers %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTags(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	if err := s.put(c, "/x", "v"); err != nil {
		t.Fatal(err)
	}
	tags := func() (out []string) {
		l, err := c.ListTagsForResource(t.Context(), &awssdk.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: text("/x")})
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range l.TagList {
			out = append(out, *tag.Key+"="+*tag.Value)
		}
		return out
	}
	add := func(id string, tags ...types.Tag) error {
		_, err := c.AddTagsToResource(t.Context(), &awssdk.AddTagsToResourceInput{ResourceType: "Parameter", ResourceId: &id, Tags: tags})
		return err
	}
	if err := add("/x", types.Tag{Key: text("b"), Value: text("1")}, types.Tag{Key: text("a"), Value: text("2")}); err != nil {
		t.Fatal(err)
	}
	if err := add("/x", types.Tag{Key: text("b"), Value: text("3")}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tags(), " "); got != "a=2 b=3" {
		t.Errorf("tags %s", got)
	}
	if _, err := c.RemoveTagsFromResource(t.Context(), &awssdk.RemoveTagsFromResourceInput{ResourceType: "Parameter", ResourceId: text("/x"), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.put(c, "/x", "w", overwrite); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tags(), " "); got != "b=3" {
		t.Errorf("after an overwrite, tags %s", got)
	}
	if err := add("/none", types.Tag{Key: text("a"), Value: text("b")}); wiretest.Code(err) != "InvalidResourceId" {
		t.Errorf("tags on nothing: %v", err)
	}
	if err := add("/x", types.Tag{Key: text("aws:x"), Value: text("b")}); err == nil {
		t.Error("a reserved tag was accepted")
	}
}

func TestManyAtOnce(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	for _, n := range []string{"/a", "/b"} {
		if err := s.put(c, n, n); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.GetParameters(t.Context(), &awssdk.GetParametersInput{Names: []string{"/b", "/none", "/a:1"}})
	if err != nil || len(got.Parameters) != 2 || !slices.Equal(got.InvalidParameters, []string{"/none"}) {
		t.Errorf("get: %+v (%v)", got, err)
	}
	if _, err := c.GetParameters(t.Context(), &awssdk.GetParametersInput{Names: slices.Repeat([]string{"/a"}, 11)}); wiretest.Code(err) != "ValidationException" {
		t.Errorf("eleven names: %v", err)
	}
	gone, err := c.DeleteParameters(t.Context(), &awssdk.DeleteParametersInput{Names: []string{"/a", "/none"}})
	if err != nil || !slices.Equal(gone.DeletedParameters, []string{"/a"}) || !slices.Equal(gone.InvalidParameters, []string{"/none"}) {
		t.Errorf("delete: %+v (%v)", gone, err)
	}
	s.want(c, "/a", "ParameterNotFound", 0)
}

func TestSecret(t *testing.T) {
	s := newShop(t)
	c := s.client(wiretest.Vendor, "eu-west-1")
	if err := s.put(c, "/s", "hush", func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeSecureString }); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.get(c, "/s"); strings.Contains(v, "hush") {
		t.Errorf("without decryption: %s", v)
	}
	out, err := c.GetParameter(t.Context(), &awssdk.GetParameterInput{Name: text("/s"), WithDecryption: aws.Bool(true)})
	if err != nil || *out.Parameter.Value != "hush" {
		t.Errorf("with decryption: %+v (%v)", out, err)
	}
}
