package catalog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/catalog"
)

func writeFleet(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLoadFleet: catalogs are found from the fleet file, and each has its account.
func TestLoadFleet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	writeFleet(t, path, `accounts:
  main: {}
  gov: {profile: gov, role: "arn:aws-us-gov:iam::111122223333:role/reader", external_id: x}
defaults: {account: main}
catalogs:
  - server/amiship.yaml
  - {file: /etc/amiship.yaml, account: gov}
`)
	f, err := catalog.LoadFleet(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.FleetCatalog{{File: filepath.Join(filepath.Dir(path), "server/amiship.yaml")}, {File: "/etc/amiship.yaml", Account: "gov"}}
	if diff := cmp.Diff(want, f.Catalogs); diff != "" {
		t.Error(diff)
	}
	for i, want := range []catalog.Account{{}, {Profile: "gov", Role: "arn:aws-us-gov:iam::111122223333:role/reader", ExternalID: "x"}} {
		if got := f.Of(f.Catalogs[i]); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestWrongFleet: each mistake is told with its place.
func TestWrongFleet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	for text, want := range map[string]string{
		"":                                 "fleet.yaml: is empty",
		"accounts: {a: {}}":                "fleet.yaml: catalogs is missing",
		"catalogs: [{account: x}]":         "fleet.yaml:1:12: catalogs[0]: file is missing\nfleet.yaml:1:22: catalogs[0].account: no account x: there is no section accounts",
		"catalogs: [{file: a, acount: x}]": "fleet.yaml:1:22: catalogs[0].acount: unknown field; did you mean account?",
		"accounts: {a: {}, b: {}}\ndefaults: {account: c}\ncatalogs: [a]": "fleet.yaml:2:21: defaults.account: no account c; there is a or b",
		"accounts:\n  a:\n    external_id: x\ncatalogs: [amiship.yaml]":   "fleet.yaml:3:18: accounts.a.external_id: is for a role, and there is none",
		"catalogs: {a: b}": "fleet.yaml:1:11: catalogs: is no list; write [a mapping]",
		"catalogs: [":      "fleet.yaml:1:11: sequence end token ']' not found",
	} {
		writeFleet(t, path, text)
		_, err := catalog.LoadFleet(path)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n%v, want\n%s", text, err, want)
		}
	}
	if _, err := catalog.LoadFleet(filepath.Join(t.TempDir(), "none.yaml")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
