package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// shopWindow is everything that Marketplace has in a sandbox. Each sandbox of a scenario is
// compared when it ends with what it was when it was started: of its products, a release may
// change nothing but the list of versions.
type shopWindow struct {
	Products map[string]map[string]soldProduct `json:"marketplace.products"`
	Sets     map[string]map[string]marketSet   `json:"marketplace.change-sets"`
}

// soldProduct is a product, field by field as the sandbox has it.
type soldProduct map[string]json.RawMessage

// look reads what Marketplace has.
func (b *box) look() (w shopWindow, err error) {
	text, err := exec.Command(program, "sandbox", "dump", "--state", b.state).Output()
	if err != nil {
		return w, fmt.Errorf("sandbox dump: %w", err)
	}
	return w, json.Unmarshal(text, &w)
}

// ownTypes are the types of changes that Amiship may request. Price, EULA, offers, texts and
// regions of a product are changed by others.
var ownTypes = []string{"AddDeliveryOptions", "RestrictDeliveryOptions"}

// unequal says what differs from how it was before, and should not.
func (w shopWindow) unequal(now shopWindow) []string {
	var out []string
	edited := map[string]bool{} // by another user's change set
	for id, set := range now.sets() {
		for _, c := range set.Changes {
			switch {
			case set.ours() && !slices.Contains(ownTypes, c.Type):
				out = append(out, set.Name+" requests "+c.Type)
			case !set.ours() && strings.HasPrefix(c.Type, "Update") && set.Status == "SUCCEEDED" && w.sets()[id].Status != "SUCCEEDED":
				edited[c.Product] = true
			}
		}
	}
	for _, part := range slices.Sorted(maps.Keys(w.Products)) {
		for id, was := range w.Products[part] {
			if is := now.Products[part][id]; is == nil {
				out = append(out, id+" is gone")
			} else if !edited[id] {
				out = append(out, was.unequal(id, is)...)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (w shopWindow) sets() map[string]marketSet {
	out := map[string]marketSet{}
	for _, part := range w.Sets {
		maps.Copy(out, part)
	}
	return out
}

// unequal compares byte for byte: all fields of a product but those that every change set
// moves on, and all fields of its versions but whether new buyers can get them.
func (p soldProduct) unequal(id string, now soldProduct) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch {
		case slices.Contains([]string{"Revision", "Modified", "Versions"}, name):
		case name == "Arch" && string(p[name]) == `""`: // the first version says it
		case !bytes.Equal(p[name], now[name]):
			out = append(out, fmt.Sprintf("%s: %s was %s, and is %s", id, name, p[name], now[name]))
		}
	}
	before, after := p.versions(), now.versions()
	for i, v := range before {
		switch {
		case i >= len(after):
			out = append(out, fmt.Sprintf("%s: the version %s is gone", id, v))
		case after[i] != v:
			out = append(out, fmt.Sprintf("%s: the version\n%s\nis\n%s", id, v, after[i]))
		}
	}
	return out
}

// versions are those of a product, the oldest first, without what a restriction changes.
func (p soldProduct) versions() []string {
	var all []map[string]json.RawMessage
	_ = json.Unmarshal(p["Versions"], &all)
	var out []string
	for _, v := range all {
		var option map[string]json.RawMessage
		_ = json.Unmarshal(v["Option"], &option)
		delete(option, "Visibility")
		v["Option"], _ = json.Marshal(option)
		text, _ := json.Marshal(v)
		out = append(out, string(text))
	}
	return out
}

// sameProducts fails the test if a product was changed otherwise.
func (b *box) sameProducts(t testing.TB) {
	t.Helper()
	now, err := b.look()
	if err != nil {
		t.Errorf("what became of products: %v", err)
		return
	}
	for _, text := range b.before.unequal(now) {
		t.Errorf("a product is not as it was: %s", text)
	}
}

// TestProductsAreCompared: what a release must not change of a product is found, and what
// another user changes is not taken for the release's.
func TestProductsAreCompared(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{})
	for _, c := range []struct{ name, found string }{
		{"by hand", ""},
		{"amiship prometheus v2.42.0 premium add 0123456789ab", "amiship prometheus v2.42.0 premium add 0123456789ab requests UpdateInformation"},
	} {
		m.cli(t, "marketplace-catalog", "start-change-set", "--catalog", "AWSMarketplace", "--change-set-name", c.name, "--change-set",
			`[{"ChangeType": "UpdateInformation", "Entity": {"Type": "AmiProduct@1.0", "Identifier": "`+premiumProduct+`"}, "Details": "{\"ProductTitle\": \"New\"}"}]`)
		m.advance(t, 27*time.Hour)
		now, err := m.look()
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(m.before.unequal(now), "\n"); found != c.found {
			t.Errorf("%s: found %q, want %q", c.name, found, c.found)
		}
	}
	_ = m.cmd.Process.Kill() // its end would find the same
	_ = m.cmd.Wait()
	for name, c := range map[string]struct{ old, with, found string }{
		"the title":             {`"Title":"Prometheus Premium","`, `"Title":"New","`, "Title was"},
		"the regions":           {`"Regions":[`, `"Regions":["nowhere",`, "Regions was"},
		"a field that is new":   {`"Support":`, `"Price":"0.10","Support":`, "Price was , and is"},
		"who may subscribe":     {`"Subscribers":["555566667777"]`, `"Subscribers":[]`, "Subscribers was"},
		"an old version's text": {`"Title":"Prometheus Premium 2.41.0"`, `"Title":"2.41"`, "the version"},
		"it is restricted":      {`"Visibility":"Restricted"`, `"Visibility":"Public"`, ""},
		"another revision":      {`"Revision":`, `"Revision":1`, ""},
	} {
		text, err := json.Marshal(m.before.Products[""][premiumProduct])
		if err != nil || !strings.Contains(string(text), c.old) {
			t.Fatalf("%s: %v: no %s in %s", name, err, c.old, text)
		}
		var was, is soldProduct
		if err := errors.Join(json.Unmarshal(text, &was), json.Unmarshal([]byte(strings.Replace(string(text), c.old, c.with, 1)), &is)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := strings.Join(was.unequal("p", is), "\n")
		if !strings.Contains(got, c.found) || (got == "") != (c.found == "") {
			t.Errorf("%s: found %q, want %q", name, got, c.found)
		}
	}
}
