package plan

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuote(t *testing.T) {
	for _, s := range []string{"plain", "", "a b", "it's", "$HOME", "a;b", `"x"`, "~", "back\\slash", "nürnberg", "a\nb", "http://127.0.0.1:80/x?y=1", "cancel/x@1,2"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+Quote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("a shell reads %s as %q (%v), want %q", Quote(s), out, err, s)
		}
	}
}

// TestRehearsed: of the remedies of a rehearsal only what is done by hand stays; no command
// that acts on AWS is to be typed.
func TestRehearsed(t *testing.T) {
	p := Plan{Tag: "v1", Again: "amiship release v1", Blockers: []Blocker{{ID: "quota", Remedies: []Remedy{
		{Name: "raise", Command: "amiship unblock quota raise"},
		{Name: "look", Command: "aws ec2 describe-images"},
		Approving(SameCommand, []string{"freeze@1"}, Remedy{Name: "approve"}),
		{Name: "rename", Command: "change name of the image in amiship.yaml, then: amiship release v1", Words: true},
	}}}}
	got := p.Rehearsed("amiship rehearse v1")
	want := []Remedy{
		{Name: "rename", Command: "change name of the image in amiship.yaml, then: amiship rehearse v1", Words: true},
		{Name: "rehearse", Command: "amiship rehearse v1", Cost: "nothing; in a release there are also: raise, look, approve"},
	}
	if diff := cmp.Diff(want, got.Blockers[0].Remedies); diff != "" || got.Again != "amiship rehearse v1" {
		t.Errorf("again %s (-want +got)\n%s", got.Again, diff)
	}
	if len(p.Blockers[0].Remedies) != 4 {
		t.Error("the plan itself has changed")
	}
}
