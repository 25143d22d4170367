package apply

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

var (
	ours   = record.Owner{Project: "p", Image: "x-ce", Arch: "amd64", Tag: "v1"}
	theirs = record.Owner{Project: "p-x", Image: "ce", Arch: "amd64", Tag: "v1"}
)

// TestAnothersAMIIsNotChanged: whatever a plan says, tags that name another owner
// are read again and win.
func TestAnothersAMIIsNotChanged(t *testing.T) {
	for _, kind := range []plan.Kind{
		plan.Adopt, plan.IMDS, plan.PublishSnapshot, plan.Publish, plan.Withdraw, plan.Close, plan.Waive, plan.Deprecate, plan.Demote, plan.Disable, plan.Remove, plan.Discard,
	} {
		t.Run(string(kind), func(t *testing.T) {
			ec2 := &counter{image: world.Image{ID: "ami-1", Name: ours.Name() + "-0123456789ab", State: world.Available, Tags: theirs.Tags()}}
			a := against(t, ec2)
			a.Desired.Project = ours.Project
			act := plan.Action{
				ID: plan.ID(kind), Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Guard: plan.Guard{Image: plan.Seen(ec2.image)},
				Change: about(tagging(kind.Change(), plan.Tags{record.TagStage: "1:candidate"}), plan.Image{AMI: "ami-1"}),
			}
			_, err := a.Do(t.Context(), act)
			if !errors.Is(err, ErrChanged) || len(ec2.changes) > 0 {
				t.Errorf("%v; it has done %v", err, ec2.changes)
			}
		})
	}
}

// TestAnotherReleaseIsNotAdopted: nor what the project itself has made for another tag.
func TestAnotherReleaseIsNotAdopted(t *testing.T) {
	other := ours
	other.Tag = "v2"
	ec2 := &counter{image: world.Image{ID: "ami-1", State: world.Available, Tags: other.Tags()}}
	a := against(t, ec2)
	a.Desired.Project = ours.Project
	_, err := a.Do(t.Context(), plan.Action{
		Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Guard: plan.Guard{Image: plan.Seen(ec2.image)},
		Change: plan.AdoptImage{Image: plan.Image{AMI: "ami-1"}, Tags: ours.Tags()},
	})
	if !errors.Is(err, ErrChanged) || len(ec2.changes) > 0 {
		t.Errorf("%v; it has done %v", err, ec2.changes)
	}
}

// keyring is an EC2 with one key pair; it notes what is deleted.
type keyring struct {
	name string
	tags map[string]string
	gone []string
}

func (k *keyring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	action, inner := form.Get("Action"), "<return>true</return>"
	switch {
	case action == "DescribeKeyPairs" && k.name != "":
		inner = "<keySet><item><keyName>" + k.name + "</keyName><tagSet>"
		for key, v := range k.tags {
			inner += "<item><key>" + key + "</key><value>" + v + "</value></item>"
		}
		inner += "</tagSet></item></keySet>"
	case action == "DeleteKeyPair" || action == "DeleteSecurityGroup":
		k.gone = append(k.gone, form.Get("KeyName")+form.Get("GroupId"))
	}
	fmt.Fprintf(w, "<%sResponse>%s</%sResponse>", action, inner, action)
}

// TestKeyPairOfAClaim goes with it, unless its tags name another owner.
func TestKeyPairOfAClaim(t *testing.T) {
	const former = "amiship-p-x-ce-amd64-v1"
	for what, c := range map[string]struct {
		name string // of the claim
		key  keyring
		gone []string
	}{
		"its own":                    {ours.Name(), keyring{name: ours.Name(), tags: ours.Tags()}, []string{ours.Name(), "sg-1"}},
		"its own, without tags":      {ours.Name(), keyring{name: ours.Name()}, []string{ours.Name(), "sg-1"}},
		"not shown yet":              {ours.Name(), keyring{}, []string{ours.Name(), "sg-1"}},
		"another's":                  {ours.Name(), keyring{name: ours.Name(), tags: theirs.Tags()}, []string{"sg-1"}},
		"an old one":                 {former, keyring{name: former, tags: ours.Tags()}, []string{former, "sg-1"}},
		"an old one of another":      {former, keyring{name: former, tags: theirs.Tags()}, []string{"sg-1"}},
		"an old one, without tags":   {former, keyring{name: former}, []string{"sg-1"}},
		"an old one, of another tag": {former, keyring{name: former, tags: map[string]string{record.TagProject: "1:p", record.TagTag: "1:v2"}}, []string{"sg-1"}},
	} {
		t.Run(what, func(t *testing.T) {
			a := against(t, &c.key)
			a.Desired.Project = ours.Project
			a.Poll = 1
			_, err := a.Do(t.Context(), plan.Action{
				Target: release.Key{Place: release.Place{Region: "us-east-1"}},
				Change: plan.EndClaim{Claim: c.name, Group: "sg-1", Tags: ours.Tags()},
			})
			if diff := cmp.Diff(c.gone, c.key.gone); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}
