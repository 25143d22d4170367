package apply

import (
	"context"
	"errors"
	"strings"
	"testing"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// TestLicensesAreHidden: in what machines print, in every form that a failed
// check may show it in; and where it is unknown, all is.
func TestLicensesAreHidden(t *testing.T) {
	const license = `{"plan": "premium", "seats": 5}`
	printed := "it is " + license + "\n"
	secret := func(err error) func(context.Context, release.Secret) ([]byte, error) {
		return func(context.Context, release.Secret) ([]byte, error) { return []byte(license), err }
	}
	with := release.Variant{Build: release.Build{License: release.Secret{Env: "LICENSE"}}}
	for name, c := range map[string]struct {
		variant release.Variant
		err     error
		want    string
	}{
		"no license":          {release.Variant{}, nil, printed},
		"a license":           {with, nil, "it is [secret]\n"},
		"the package's token": {release.Variant{Build: release.Build{Package: release.Package{Headers: map[string]release.Secret{"JOB-TOKEN": {Env: "TOKEN"}}}}}, nil, "it is [secret]\n"},
		"one that is unknown": {with, errors.New("has no value"), "(not shown: the license, which may be in it, is not at hand)"},
	} {
		a := &Applier{Clients: &awsapi.Clients{}, Secret: secret(c.err)}
		if got := a.tests().questions(t.Context(), c.variant, nil).Hide(printed); got != c.want || name != "no license" && strings.Contains(got, "seats") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
