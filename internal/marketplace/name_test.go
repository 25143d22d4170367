package marketplace

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// allowed is the Catalog API's own pattern for names of change sets.
var allowed = regexp.MustCompile(`^[\w\s+=.:@-]{1,100}$`)

// TestNamesFit: whatever a release and a listing are called, AWS takes the name
// of the change set, and it can be read again.
func TestNamesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stem := Stem(rapid.String().Draw(t, "project"), rapid.String().Draw(t, "tag"), rapid.String().Draw(t, "listing"))
		purpose := rapid.SampledFrom([]string{Add, Validate, Restrict}).Draw(t, "purpose")
		name := ChangeSetName(stem, purpose, good().Digest())
		if !allowed.MatchString(name) {
			t.Fatalf("AWS refuses %q of %d", name, len(name))
		}
		if p, digest, ok := ReadName(stem, name); !ok || p != purpose || digest != good().Digest() {
			t.Fatalf("read %q, %q of %q", p, digest, name)
		}
	})
}

func TestStemsOfDifferentReleasesDiffer(t *testing.T) {
	long := strings.Repeat("x", 120)
	seen := map[string]string{}
	for _, tag := range []string{"v1.2.3", "v1/2.3", "v1.2,3", "v1.2.3+ee.0", long + "a", long + "b", "ä", "ö"} {
		stem := Stem("gitlab", tag, "premium")
		if other, ok := seen[stem]; ok {
			t.Errorf("%q and %q have the same stem %q", tag, other, stem)
		}
		seen[stem] = tag
		name := ChangeSetName(stem, Validate, "0123456789ab")
		if !allowed.MatchString(name) {
			t.Errorf("%q: the Catalog API refuses the name %q", tag, name)
		}
		if purpose, digest, ok := ReadName(stem, name); !ok || purpose != Validate || digest != "0123456789ab" {
			t.Errorf("%q reads as %s %s %t", name, purpose, digest, ok)
		}
	}
}

func TestNamesOfOthers(t *testing.T) {
	stem := Stem("p", "v1", "premium")
	for name, text := range map[string]string{
		"of another tag":      "amiship p v12 premium add 0123456789ab",
		"of another listing":  "amiship p v1 premium-arm add 0123456789ab",
		"another purpose":     stem + " remove 0123456789ab",
		"no digest":           stem + " add ",
		"by hand":             "Submitted by 123456789012",
		"the stem and no end": stem,
	} {
		if _, _, ok := ReadName(stem, text); ok {
			t.Errorf("%s: %q is taken for ours", name, text)
		}
	}
	if !IsOurs("p", stem+" add 0123456789ab") || IsOurs("p", "Submitted by p") || IsOurs("p", "amiship pq v1 premium add 0123456789ab") {
		t.Error("whose a name is, is not told")
	}
}

func TestDigestTellsVersionsApart(t *testing.T) {
	v := Version{Title: "P 1.2.3", AMI: "ami-1", ReleaseNotes: "new"}
	for name, change := range map[string]func(*Version){
		"another AMI":   func(v *Version) { v.AMI = "ami-2" },
		"another title": func(v *Version) { v.Title = "P 1.2.4" },
		"other notes":   func(v *Version) { v.ReleaseNotes = "old" },
	} {
		other := v
		change(&other)
		if other.Digest() == v.Digest() || len(v.Digest()) != 12 {
			t.Errorf("%s: the digest is %s as before", name, v.Digest())
		}
	}
}

// FuzzReadName: what is read of a change set's name says what it is, to the letter.
func FuzzReadName(f *testing.F) {
	for _, name := range []string{"", "stem", "stem add 0123456789ab", "stem add 0123456789ab ", "stem  add 0123456789ab", "stem remove 0123456789ab", "stem add é123456789a"} {
		f.Add("stem", name)
	}
	f.Add("", " add 0123456789ab")
	f.Fuzz(func(t *testing.T, stem, name string) {
		purpose, digest, ok := ReadName(stem, name)
		if ok && ChangeSetName(stem, purpose, digest) != name {
			t.Errorf("%q of %q is %q %q", name, stem, purpose, digest)
		}
	})
}
