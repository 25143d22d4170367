package ssm

import (
	"maps"
	"slices"

	"amiship/sandbox/wire"
)

type nothing struct{}

type removeIn struct {
	Name string `check:"required"`
}

func (s *SSM) remove(c *wire.Call, in *removeIn) (*nothing, error) {
	if !s.drop(c, in.Name) {
		return nil, notFound()
	}
	return &nothing{}, nil
}

func (s *SSM) drop(c *wire.Call, ref string) bool {
	name, _ := split(c, ref)
	if _, ok := s.lookup(c, name); !ok {
		return false
	}
	parameters.Delete(c.Tx, c.Region, key(c.Account.ID, name))
	return true
}

type removeManyIn struct {
	Names []string `check:"required"`
}

type removeManyOut struct{ DeletedParameters, InvalidParameters []string }

func (s *SSM) removeMany(c *wire.Call, in *removeManyIn) (*removeManyOut, error) {
	if err := upToTen(in.Names); err != nil {
		return nil, err
	}
	out := &removeManyOut{[]string{}, []string{}}
	for _, name := range in.Names {
		if s.drop(c, name) {
			out.DeletedParameters = append(out.DeletedParameters, name)
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

type resource struct {
	ResourceType string `check:"required"`
	ResourceID   string `json:"ResourceId" check:"required"`
}

// taggable finds the parameter that a request on tags names.
func (s *SSM) taggable(c *wire.Call, r resource) (Parameter, error) {
	if r.ResourceType != "Parameter" {
		return Parameter{}, wire.Errorf("InvalidResourceType", "%s is not a valid resource type: the sandbox tags parameters only", r.ResourceType)
	}
	name, _ := split(c, r.ResourceID)
	if _, ok := s.lookup(c, name); !ok {
		return Parameter{}, wire.Errorf("InvalidResourceId", "The resource ID \"%s\" is not valid. Verify the ID and try again.", r.ResourceID)
	}
	return s.stored(c, name), nil
}

type tagIn struct {
	resource
	Tags []tag `check:"required"`
}

func (s *SSM) tag(c *wire.Call, in *tagIn) (*nothing, error) {
	p, err := s.taggable(c, in.resource)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags, p.Tags); err != nil {
		return nil, err
	}
	tags := maps.Clone(p.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	for _, t := range in.Tags {
		tags[t.Key] = t.Value
	}
	p.Tags = tags
	s.keep(c, p)
	return &nothing{}, nil
}

type untagIn struct {
	resource
	TagKeys []string `check:"required"`
}

func (s *SSM) untag(c *wire.Call, in *untagIn) (*nothing, error) {
	p, err := s.taggable(c, in.resource)
	if err != nil {
		return nil, err
	}
	p.Tags = maps.Clone(p.Tags)
	maps.DeleteFunc(p.Tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	s.keep(c, p)
	return &nothing{}, nil
}

type tagsOut struct{ TagList []tag }

func (s *SSM) listTags(c *wire.Call, in *resource) (*tagsOut, error) {
	p, err := s.taggable(c, *in)
	if err != nil {
		return nil, err
	}
	out := &tagsOut{TagList: []tag{}}
	for _, k := range slices.Sorted(maps.Keys(p.Tags)) {
		out.TagList = append(out.TagList, tag{k, p.Tags[k]})
	}
	return out, nil
}
