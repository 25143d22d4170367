package scenarios

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const sellerID = "222233334444"

// sellersWorld is one in which the product belongs to another account than the
// AMIs, with a role that the vendor may take.
const sellersWorld = `accounts:
  - {name: vendor, id: "123456789012"}
  - {name: buyer, id: "555566667777"}
  - name: seller
    id: "222233334444"
    roles: [{name: amiship, trust: [vendor]}, {name: ingestion, trust: [assets.marketplace.amazonaws.com]}]
marketplace:
  products:
    - id: prod-premium123456
      title: Prometheus Premium
      account: seller
      architecture: amd64
      subscribers: [buyer]
      versions:
        - {title: "Prometheus Premium 2.40.0", created: 60d, visibility: Restricted}
        - {title: "Prometheus Premium 2.41.0", created: 30d}
settings:
  marketplace: {` + aDay + `, ingestion: role}
`

// sellersMarket is a market of another account, stocked with what the vendor has.
func sellersMarket(t *testing.T) *market {
	t.Helper()
	m := &market{box: worldBox(t, sellersWorld), bundle: filepath.Dir(sellersBundle(t, ""))}
	m.mustEnd(t, 0, "--until", "tested")
	m.end(t)
	return m
}

// sellersBundle lists the product of that account; more lines are the listing's.
func sellersBundle(t *testing.T, more string) (file string) {
	t.Helper()
	file = listedBundle(t, "    account: {role_arn: arn:aws:iam::"+sellerID+":role/amiship}\n"+more)
	replaceIn(t, file, "arn:aws:iam::123456789012:role/ingestion", "arn:aws:iam::"+sellerID+":role/ingestion")
	return file
}

// sellerCopies tells the seller's CopyImage from the vendor's: a role signs it.
func sellerCopies(r *http.Request, body []byte) bool {
	return r.Header.Get("X-Amz-Security-Token") != "" && action(r, body) == "CopyImage"
}

// TestAListingOfAnotherAccount: the AMI is copied there once, however often the run
// is killed about it, and the version is of the copy.
func TestAListingOfAnotherAccount(t *testing.T) {
	t.Parallel()
	from := sellersMarket(t)
	for name, at := range map[string]deed{
		"undisturbed":               (*counter).hand,
		"killed before it copies":   killedBefore,
		"killed when it has copied": killedAfter,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := from.again(t)
			c := m.counted(t, sellerCopies, at)
			code, out := m.runAndMaybeKill(t, c, "--wait", "3s")
			if want := map[bool]int{true: 75, false: -1}[name == "undisturbed"]; code != want || c.requests() != 1 {
				t.Fatalf("exit %d after %d copies, want %d and one\n%s", code, c.requests(), want, out)
			}
			m.via = ""
			if code, out := ends(t, m.command(t, false, "release", "--all-open", "--poll", "200ms", "--wait", "3s")); code != 75 {
				t.Fatalf("the next run: exit %d, want 75\n%s", code, out)
			}
			m.advance(t, 26*time.Hour+time.Minute)
			if code, out := m.carryOn(t); code != 0 {
				t.Fatalf("a day later: exit %d\n%s", code, out)
			}
			m.soldBySeller(t)
			m.sharedWithSeller(t)
			m.verifiedAtSeller(t)
		})
	}
}

// soldBySeller: one copy with the seller, in one region, and one version of it.
func (m *market) soldBySeller(t *testing.T) {
	t.Helper()
	copies := m.images(t, "seller", "us-east-1")
	if len(copies) != 1 || copies[0].State != "available" {
		t.Fatalf("the seller has %+v in us-east-1, want one AMI", copies)
	}
	if others := m.images(t, "seller", "eu-west-1"); len(others) != 0 {
		t.Errorf("the seller has %+v in eu-west-1", others)
	}
	s := m.sold(t)
	v := s.titled(premiumProduct, premiumTitle)
	if len(v) != 1 || v[0].Source.Image != copies[0].ImageId || len(s.ours(premiumProduct)) != 1 {
		t.Errorf("versions %+v by change sets %+v; want one, of %s", v, s.ours(premiumProduct), copies[0].ImageId)
	}
}

// sharedWithSeller: the vendor's AMI is the seller's to copy where it is copied from,
// and nowhere else.
func (m *market) sharedWithSeller(t *testing.T) {
	t.Helper()
	for region, want := range map[string][]string{"us-east-1": {sellerID, "679593333241"}, "eu-west-1": {"679593333241"}} {
		var ids []string
		list := m.images(t, "vendor", region)
		if len(list) != 1 {
			t.Fatalf("%s has %+v, want one AMI", region, list)
		}
		m.aws(t, "vendor", &ids, "ec2", "describe-image-attribute", "--region", region, "--image-id", list[0].ImageId,
			"--attribute", "launchPermission", "--query", "LaunchPermissions[].UserId")
		if slices.Sort(ids); !slices.Equal(ids, want) {
			t.Errorf("the AMI in %s is shared with %s, want %s", region, ids, want)
		}
	}
}

// verifiedAtSeller: nothing is found to be wrong, and a buyer has it.
func (m *market) verifiedAtSeller(t *testing.T) {
	t.Helper()
	code, out := ends(t, m.command(t, false, "verify", "v2.42.0", "--as", "buyer"))
	if code != 0 || strings.Contains(out, "WRONG") {
		t.Errorf("verify: exit %d\n%s", code, out)
	}
}
