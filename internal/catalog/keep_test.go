package catalog

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/release"
)

func TestRetention(t *testing.T) {
	load := func(text string) *Bundle {
		b, err := Load(write(t, text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got := load(minimal).Retention(); got != nil {
		t.Errorf("a catalog that keeps nothing in particular keeps %+v", got)
	}
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	got := load(replace(t, minimal, "images:\n", "keep: {private: {patches: 1, minors: 2}}\nretire: {deprecate: 7d}\nimages:\n")).Retention()
	if diff := cmp.Diff(&release.Retention{
		Private: &release.Keep{Patches: 1, Minors: 2}, Launched: days(30),
		Grace:     release.Grace{Deprecate: days(7), Demote: days(30), Disable: days(60), Deregister: days(90)},
		MaxPerRun: load(minimal).MostAMIs(),
	}, got); diff != "" {
		t.Error(diff)
	}
	b := load(full)
	want := &release.Retention{
		Public: &release.Keep{Patches: 2, Minors: 3, Age: days(90)}, Private: &release.Keep{Patches: 1, Minors: 4, Age: days(30)},
		Versions: &release.Keep{Patches: 3, Minors: 5, Age: days(180)}, Launched: days(20), Referenced: true, UsedByOthers: true,
		Grace:     release.Grace{Deprecate: days(1), Demote: days(40), Disable: days(70), Deregister: days(100)},
		MaxPerRun: b.MostAMIs(),
	}
	d, err := Resolve(b, "17.5.0+ce.0")
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]*release.Retention{"the catalog": b.Retention(), "a release": d.Policy.Retention} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

// TestForms: what AMIs are called is read back, whatever the version.
func TestForms(t *testing.T) {
	b, err := Load(write(t, full), nil)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]release.Form{}
	for _, f := range b.Forms() {
		forms[f.Image+"/"+f.Arch] = f
	}
	if len(forms) != 4 {
		t.Fatalf("%d forms: %v", len(forms), forms)
	}
	for name, c := range map[string]struct {
		variant, text string
		version       string // "" if the form does not fit
	}{
		"a name":            {"ce/amd64", "GitLab CE 17.5.0", "17.5.0"},
		"of the other arch": {"ce/amd64", "GitLab CE 17.5.0 ARM64", ""},
		"its own":           {"ce/arm64", "GitLab CE 17.5.0 ARM64", "17.5.0"},
		"another image":     {"ultimate/amd64", "GitLab EE 17.5.0 Premium", ""},
		"a suffix":          {"premium/amd64", "GitLab EE 17.5.0 Premium", "17.5.0"},
	} {
		t.Run(name, func(t *testing.T) {
			m := regexp.MustCompile(forms[c.variant].Name).FindStringSubmatch(c.text)
			if got := append(m, "", "")[min(len(m), 1)]; got != c.version && !(m == nil && c.version == "") {
				t.Errorf("%s read by %s: %q, want %q", c.text, forms[c.variant].Name, got, c.version)
			}
		})
	}
	ce := forms["ce/arm64"]
	if diff := cmp.Diff(map[string]string{"Type": `^GitLab ce \(ARM64\)$`}, ce.Tags); diff != "" || ce.Tag != "{version}+ce.0" || !ce.Public {
		t.Errorf("%+v %s", ce, diff)
	}
	if premium := forms["premium/amd64"]; premium.Tag != "{version}+ee.0" || premium.Public {
		t.Errorf("%+v", premium)
	}
}

// TestTagsThatCannotBeKnown: a pattern with a word of its own makes no tag.
func TestTagsThatCannotBeKnown(t *testing.T) {
	b, err := Load(write(t, replace(t, minimal, `"v{version}"`, `"{flavour}-{version}"`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if forms := b.Forms(); len(forms) > 0 {
		t.Errorf("%+v", forms)
	}
}

func TestParameters(t *testing.T) {
	text := replace(t, full, `{name: "/gitlab/{edition}/latest/{arch}", latest: true}`,
		`{name: "/gitlab/{edition}/latest/{arch}", latest: true}, {name: "/gitlab/{major}.{minor}/{arch}", latest: true}`)
	b, err := Load(write(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, own []string
	for _, p := range b.Parameters([]string{"17.5.0+ce.0", "17.4.2+ce.0", "17.4.1+ce.0", "17.4.1+ce.1", "what was this", "17.5.0+rc1.ce.0"}) {
		if p.Latest {
			got = append(got, p.Name)
		} else {
			own = append(own, p.Name)
		}
	}
	if diff := cmp.Diff([]string{
		"/gitlab/ce/17.4.2/amd64", "/gitlab/ce/17.4.2/arm64", "/gitlab/ce/17.5.0/amd64", "/gitlab/ce/17.5.0/arm64",
	}, own); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"/gitlab/17.4/amd64", "/gitlab/17.4/arm64", "/gitlab/17.5/amd64", "/gitlab/17.5/arm64",
		"/gitlab/ce/17.4.1/amd64", "/gitlab/ce/17.4.1/arm64", "/gitlab/ce/latest/amd64", "/gitlab/ce/latest/arm64",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestTitlesWithoutATag: listings are read without a release, too.
func TestTitlesWithoutATag(t *testing.T) {
	b, err := Load(write(t, full), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range b.Listings() {
		m := regexp.MustCompile(l.Titles).FindStringSubmatch("GitLab Ultimate 17.1.0")
		if l.Name == "ultimate" && (len(m) < 2 || m[1] != "17.1.0") {
			t.Errorf("%s reads %v", l.Titles, m)
		}
	}
}
