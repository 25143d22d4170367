package apply

import (
	"context"
	"errors"
	"strings"
	"testing"

	"amiship/internal/release"
)

// TestLicencesAreHidden: in what machines print, in every form that a failed
// check may show it in; and where nobody knows it, all is.
func TestLicencesAreHidden(t *testing.T) {
	const licence = `{"plan": "premium", "seats": 5}`
	printed := "it is " + licence + "\n"
	secret := func(err error) func(context.Context, release.Secret) ([]byte, error) {
		return func(context.Context, release.Secret) ([]byte, error) { return []byte(licence), err }
	}
	with := release.Variant{Build: release.Build{Licence: release.Secret{Env: "LICENCE"}}}
	for name, c := range map[string]struct {
		variant release.Variant
		err     error
		want    string
	}{
		"no licence":          {release.Variant{}, nil, printed},
		"a licence":           {with, nil, "it is [secret]\n"},
		"one that is unknown": {with, errors.New("has no value"), "(not shown: the licence, which may be in it, is not at hand)"},
	} {
		a := &Applier{Secret: secret(c.err)}
		if got := a.questions(t.Context(), c.variant, nil).Hide(printed); got != c.want || name != "no licence" && strings.Contains(got, "seats") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
