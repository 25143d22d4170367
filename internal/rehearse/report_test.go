package rehearse

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// foreign is an architecture that this machine only emulates.
func foreign() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// rehearsed is a release whose steps took what real ones do.
func rehearsed() Release {
	step := func(k plan.Kind, arch, region string, took time.Duration) plan.Step {
		key := release.Key{Image: "ce", Arch: arch, Place: release.Place{Region: region}}
		return plan.Step{Action: plan.Action{ID: plan.ID(string(k) + "/" + key.String()), Target: key, Change: k.Change()}, State: plan.Done, Took: took}
	}
	here, there := runtime.GOARCH, foreign()
	return Release{
		Tag: "v1",
		desired: release.Desired{Project: "product", Tag: "v1", Variants: []release.Variant{
			{Image: "ce", Arch: here}, {Image: "ce", Arch: there},
		}},
		Plan: plan.Plan{Steps: []plan.Step{
			step(plan.Claim, here, "us-east-1", 200*time.Millisecond), step(plan.Claim, there, "us-east-1", 300*time.Millisecond),
			step(plan.Build, here, "us-east-1", 60*time.Second), step(plan.Build, there, "us-east-1", 140*time.Second),
			step(plan.Copy, here, "us-east-1", 5*time.Second), step(plan.Copy, there, "us-east-1", 6*time.Second),
			step(plan.Copy, here, "eu-west-1", 7*time.Second), step(plan.Copy, there, "eu-west-1", 4*time.Second),
			step(plan.Publish, here, "us-east-1", 0),
		}},
	}
}

// TestTimes: what a variant has once and takes long is listed, of the rest the
// slowest; what took no time, because it was done before, is not there.
func TestTimes(t *testing.T) {
	r := rehearsed()
	r.addSteps()
	want := []Phase{
		{Name: "  claim", Result: "the slowest of 2: ce/" + foreign() + "/us-east-1", Took: 300 * time.Millisecond},
		{Name: "  build", Variant: "ce/" + runtime.GOARCH, Took: 60 * time.Second},
		{Name: "  build", Variant: "ce/" + foreign(), Took: 140 * time.Second},
		{Name: "  copy", Result: "the slowest of 4: ce/" + runtime.GOARCH + "/eu-west-1", Took: 7 * time.Second},
	}
	if diff := cmp.Diff(want, r.Phases); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEmulation(t *testing.T) {
	r := rehearsed()
	r.addSteps()
	r.Phases = append(r.Phases, Phase{Name: "launch", Variant: "ce/" + foreign(), Took: 14 * time.Second})
	r.noteEmulation()
	want := []string{"ce/" + foreign() + " ran by emulation: build 140.0 s, launch 14.0 s"}
	if diff := cmp.Diff(want, r.Notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReport(t *testing.T) {
	rel := rehearsed()
	rel.Verified, rel.Notes = "product v1: 4 AMIs in 2 regions are as configured\n", []string{"nothing else"}
	rep := Report{
		Title: "product v1", Releases: []Release{rel}, Total: 90 * time.Second,
		Standins: []Standin{{Name: "product_1.deb", URL: "http://127.0.0.1:1/product_1.deb", Program: "standin/build"}},
	}
	var text, program bytes.Buffer
	rep.Write(&text)
	for _, want := range []string{
		"Rehearsal of product v1\n",
		"  STAND-IN  product_1.deb is not the real package: standin/build made it\n",
		"\nproduct v1\n",
		"\nproduct v1: 4 AMIs in 2 regions are as configured\n",
		"  note: nothing else\n",
		"  in all   90.0 s\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, text.String())
		}
	}
	if err := json.NewEncoder(&program).Encode(rep); err != nil || !strings.Contains(program.String(), `"standins":[{"name":"product_1.deb"`) {
		t.Errorf("as JSON (%v): %s", err, program.String())
	}
}

// TestSetFlags: what a command is given it reads as it was, whatever is in it.
func TestSetFlags(t *testing.T) {
	p := props{set: map[string]string{"a": "1", "b": `x,y="z"`}}
	want := []string{"--set", `"a=1","a=1"`, "--set", `"b=x,y=""z""","b=x,y=""z"""`}
	if diff := cmp.Diff(want, p.setFlags()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUnquote(t *testing.T) {
	for word, want := range map[string]string{"plain": "plain", "'two words'": "two words", `'it'\''s'`: "it's", "": ""} {
		if got := unquote(word); got != want {
			t.Errorf("unquote(%s) is %q, want %q", word, got, want)
		}
	}
}
