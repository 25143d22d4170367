package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/sandbox/wire/wiretest"
)

func TestByPath(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
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
	c := s.client(vendor, "eu-west-1")
	for _, n := range []string{"/a/1", "/a/b/2", "/c"} {
		if err := s.put(c, n, "v", func(in *awssdk.PutParameterInput) { in.Tags = []types.Tag{{Key: aws.String("name"), Value: &n}} }); err != nil {
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
		"type begins":    {f("Type", "BeginsWith", "String"), "/a/1 /a/b/2 /c /list"},
		"tier begins":    {f("Tier", "BeginsWith", "Advanced"), ""},
		"data begins":    {f("DataType", "BeginsWith", "te"), "/a/1 /a/b/2 /c /list"},
		"tag":            {f("tag:name", "", "/c"), "/c"},
		"tag key":        {f("tag:name", ""), "/a/1 /a/b/2 /c"},
		"and":            {append(f("Type", "", "String"), f("Path", "", "/a")...), "/a/1"},
		"unknown key":    {f("Colour", "", "red"), "ValidationException"},
		"label":          {f("Label", "", "x"), "InvalidFilterKey"},
		"other spelling": {f("Name", "", "c", "list"), "/c /list"},
		"begins within":  {f("Name", "BeginsWith", "c"), "/c"},
		"tag begins":     {f("tag:name", "BeginsWith", "/a"), "/a/1 /a/b/2"},
		"no such type":   {f("Type", "", "Text"), "InvalidFilterValue"},
		"reserved path":  {f("Path", "", "/aws"), "ValidationException"},
		"an empty value": {f("Name", "", ""), "ValidationException"},
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
	c := s.client(vendor, "eu-west-1")
	if err := s.put(c, "/x", "v"); err != nil {
		t.Fatal(err)
	}
	tags := func() (out []string) {
		l, err := c.ListTagsForResource(t.Context(), &awssdk.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: aws.String("/x")})
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
	if err := add("/x", types.Tag{Key: aws.String("b"), Value: aws.String("1")}, types.Tag{Key: aws.String("a"), Value: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	if err := add("/x", types.Tag{Key: aws.String("b"), Value: aws.String("3")}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tags(), " "); got != "a=2 b=3" {
		t.Errorf("tags %s", got)
	}
	if _, err := c.RemoveTagsFromResource(t.Context(), &awssdk.RemoveTagsFromResourceInput{ResourceType: "Parameter", ResourceId: aws.String("/x"), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.put(c, "/x", "w", overwrite); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tags(), " "); got != "b=3" {
		t.Errorf("after an overwrite, tags %s", got)
	}
	if err := add("/none", types.Tag{Key: aws.String("a"), Value: aws.String("b")}); wiretest.Code(err) != "InvalidResourceId" {
		t.Errorf("tags on nothing: %v", err)
	}
	if err := add("/x", types.Tag{Key: aws.String("aws:x"), Value: aws.String("b")}); err == nil {
		t.Error("a reserved tag was accepted")
	}
}

func TestManyAtOnce(t *testing.T) {
	s := newShop(t)
	c := s.client(vendor, "eu-west-1")
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
	c := s.client(vendor, "eu-west-1")
	if err := s.put(c, "/s", "hush", func(in *awssdk.PutParameterInput) { in.Type = types.ParameterTypeSecureString }); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.get(c, "/s"); strings.Contains(v, "hush") {
		t.Errorf("without decryption: %s", v)
	}
	out, err := c.GetParameter(t.Context(), &awssdk.GetParameterInput{Name: aws.String("/s"), WithDecryption: aws.Bool(true)})
	if err != nil || *out.Parameter.Value != "hush" {
		t.Errorf("with decryption: %+v (%v)", out, err)
	}
}
