package scenarios

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// marketSet is a change set in the sandbox.
type marketSet struct {
	ID, Name, Intent, Status, FailureCode string
	Started                               time.Time
	Changes                               []struct{ Product, Type string }
}

// ours reports whether Amiship made it.
func (s marketSet) ours() bool { return strings.HasPrefix(s.Name, "amiship ") }

// soldVersion is a version of a product in the sandbox.
type soldVersion struct {
	Title  string
	Source struct{ Image string }
	Option struct{ Visibility string }
}

// sold is what Marketplace has.
type sold struct {
	versions map[string][]soldVersion // by product
	sets     []marketSet              // the oldest first
}

func (m *market) sold(t *testing.T) sold {
	t.Helper()
	var dump struct {
		Products map[string]map[string]struct{ Versions []soldVersion } `json:"marketplace.products"`
		Sets     map[string]map[string]marketSet                        `json:"marketplace.change-sets"`
	}
	if err := json.Unmarshal([]byte(m.run(t, "sandbox", "dump", "--state", m.state)), &dump); err != nil {
		t.Fatal(err)
	}
	s := sold{versions: map[string][]soldVersion{}}
	for _, part := range dump.Products {
		for id, p := range part {
			s.versions[id] = p.Versions
		}
	}
	for _, part := range dump.Sets {
		s.sets = slices.AppendSeq(s.sets, maps.Values(part))
	}
	slices.SortFunc(s.sets, func(x, y marketSet) int { return x.Started.Compare(y.Started) })
	return s
}

// ours are the change sets that Amiship made for a product.
func (s sold) ours(product string) []marketSet {
	var out []marketSet
	for _, set := range s.sets {
		if set.ours() && set.Changes[0].Product == product {
			out = append(out, set)
		}
	}
	return out
}

// titled are a product's versions of a title that buyers see.
func (s sold) titled(product, title string) []soldVersion {
	return slices.DeleteFunc(slices.Clone(s.versions[product]), func(v soldVersion) bool {
		return v.Title != title || v.Option.Visibility != "Public"
	})
}

// soldOnce: there is one version of the title, of the release's own AMI, and so
// many change sets of ours have led there.
func (m *market) soldOnce(t *testing.T, product, title string, sets int) {
	t.Helper()
	s := m.sold(t)
	if got := s.ours(product); len(got) != sets {
		t.Errorf("%d change sets of ours for %s, want %d: %+v", len(got), product, sets, got)
	}
	v := s.titled(product, title)
	if len(v) != 1 || v[0].Source.Image != m.released(t) {
		t.Errorf("%s has the versions %+v; want one %q of %s", product, s.versions[product], title, m.released(t))
	}
}

// released is the AMI of the release in us-east-1.
func (m *market) released(t *testing.T) string {
	t.Helper()
	list := slices.DeleteFunc(m.images(t, "vendor", "us-east-1"), func(i ownImage) bool { return i.Name != "Prometheus 2.42.0 Premium" })
	if len(list) != 1 {
		t.Fatalf("us-east-1 has the AMIs %+v, want one of the release", list)
	}
	return list[0].ImageId
}

// ownImage is an AMI as the AWS CLI shows it.
type ownImage struct {
	ImageId, Name, State string //nolint:revive // AWS's spelling
}

// images are the AMIs that an account owns in a region, candidates aside.
func (m *market) images(t *testing.T, account, region string) []ownImage {
	t.Helper()
	var out []ownImage
	m.aws(t, account, &out, "ec2", "describe-images", "--owners", "self", "--region", region, "--query", "Images[].{ImageId: ImageId, Name: Name, State: State}")
	return slices.DeleteFunc(out, func(i ownImage) bool { return strings.HasPrefix(i.Name, "amiship-") })
}

// aws calls AWS as a user of the AWS CLI would.
func (b *box) aws(t *testing.T, account string, answer any, args ...string) {
	t.Helper()
	out := awsCLI(t, b.env(t, account, ""), append(args, "--output", "json")...)
	if err := json.Unmarshal([]byte(out), answer); err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// catalogCalls counts the calls of the Catalog API after so many calls of all
// kinds, by operation.
func (b *box) catalogCalls(t *testing.T, after int) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, c := range b.calls(t, after) {
		if strings.Contains(strings.ToLower(c.Service), "marketplace") {
			out[c.Action]++
		}
	}
	return out
}
