package ssm

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"amiship/sandbox/wire"
)

// maxLabels is how many labels a version may have.
const maxLabels = 10

var labelForm = regexp.MustCompile(`^[a-zA-Z_.-][a-zA-Z0-9_.-]*$`)

func validLabel(l string) bool {
	lower := strings.ToLower(l)
	return labelForm.MatchString(l) && !strings.HasPrefix(lower, "aws") && !strings.HasPrefix(lower, "ssm")
}

// labeled returns the version that has a label: there is at most one.
func (p Parameter) labeled(label string) (Version, bool) {
	i := slices.IndexFunc(p.Versions, func(v Version) bool { return slices.Contains(v.Labels, label) })
	if i < 0 {
		return Version{}, false
	}
	return p.Versions[i], true
}

// selected returns the version that a selector names: a number or a label.
func (p Parameter) selected(selector string) (Version, error) {
	if n, err := strconv.Atoi(selector); err == nil {
		if v, ok := p.version(n); ok {
			return v, nil
		}
		return Version{}, noVersion(n, p.Name)
	}
	if v, ok := p.labeled(selector); ok {
		return v, nil
	}
	return Version{}, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find label %s for parameter %s. Verify the label and try again.", selector, p.Name)
}

func noVersion(n int, name string) error {
	return wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", n, name)
}

type labelIn struct {
	Name             string   `check:"required"`
	Labels           []string `check:"required"`
	ParameterVersion *int
}

type labelOut struct {
	InvalidLabels    []string
	ParameterVersion int
}

// label moves labels to a version: the newest, if none is named.
func (s *SSM) label(c *wire.Call, in *labelIn) (*labelOut, error) {
	p, n, err := s.labeling(c, in)
	if err != nil {
		return nil, err
	}
	out := &labelOut{InvalidLabels: []string{}, ParameterVersion: n}
	var good []string
	for _, l := range in.Labels {
		switch {
		case len(l) > 100:
			return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '[%s]' at 'labels' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 100, Member must have length greater than or equal to 1]", strings.Join(in.Labels, ", "))
		case validLabel(l):
			good = append(good, l)
		default:
			out.InvalidLabels = append(out.InvalidLabels, l)
		}
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		v.Labels = slices.DeleteFunc(slices.Clone(v.Labels), func(l string) bool { return slices.Contains(good, l) })
		if v.N != n {
			continue
		}
		if v.Labels = append(v.Labels, good...); len(v.Labels) > maxLabels {
			return nil, wire.Errorf("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.")
		}
		slices.Sort(v.Labels)
		v.Labels = slices.Compact(v.Labels)
	}
	s.keep(c, p)
	return out, nil
}

// labeling finds the parameter as it is stored, and the number of the version.
func (s *SSM) labeling(c *wire.Call, in *labelIn) (Parameter, int, error) {
	name, _ := split(c, in.Name)
	seen, ok := s.lookup(c, name)
	if !ok {
		return seen, 0, wire.Errorf("ParameterNotFound", "Parameter %s not found.", in.Name)
	}
	n := seen.newest().N
	if in.ParameterVersion != nil {
		n = *in.ParameterVersion
	}
	if _, ok := seen.version(n); !ok {
		return seen, n, noVersion(n, in.Name)
	}
	p := s.stored(c, name)
	p.Versions = slices.Clone(p.Versions)
	return p, n, nil
}

type unlabelIn struct {
	Name             string   `check:"required"`
	Labels           []string `check:"required"`
	ParameterVersion *int     `check:"required"`
}

type unlabelOut struct{ RemovedLabels, InvalidLabels []string }

func (s *SSM) unlabel(c *wire.Call, in *unlabelIn) (*unlabelOut, error) {
	p, n, err := s.labeling(c, &labelIn{in.Name, in.Labels, in.ParameterVersion})
	if err != nil {
		return nil, err
	}
	out := &unlabelOut{[]string{}, []string{}}
	i := slices.IndexFunc(p.Versions, func(v Version) bool { return v.N == n })
	for _, l := range in.Labels {
		if slices.Contains(p.Versions[i].Labels, l) {
			out.RemovedLabels = append(out.RemovedLabels, l)
		} else {
			out.InvalidLabels = append(out.InvalidLabels, l)
		}
	}
	p.Versions[i].Labels = slices.DeleteFunc(slices.Clone(p.Versions[i].Labels), func(l string) bool { return slices.Contains(in.Labels, l) })
	s.keep(c, p)
	return out, nil
}
