package ec2

import (
	"net/netip"
	"testing"
)

func TestPrivateAddresses(t *testing.T) {
	r, _ := findRegion("us-east-1")
	zones := r.allZones()
	for name, tc := range map[string]struct {
		zone  zone
		asked string
		used  string
		want  string
	}{
		"the first ten are reserved":     {zones[0], "", "", "172.31.0.10"},
		"the next if that is taken":      {zones[0], "", "172.31.0.10", "172.31.0.11"},
		"another zone, another subnet":   {zones[1], "", "", "172.31.2.1"},
		"an address that was asked for":  {zones[0], "172.31.1.7", "", "172.31.1.7"},
		"one outside of the subnet":      {zones[0], "172.31.2.7", "", ""},
		"the gateway's":                  {zones[0], "172.31.0.1", "", ""},
		"one in use":                     {zones[0], "172.31.1.7", "172.31.1.7", ""},
		"the subnet's broadcast address": {zones[0], "172.31.1.255", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			used := map[netip.Addr]bool{}
			if tc.used != "" {
				used[netip.MustParseAddr(tc.used)] = true
			}
			got, err := privateAddress(tc.zone, tc.asked, used)
			if tc.want == "" {
				if err == nil {
					t.Fatalf("got %s", got)
				}
				return
			}
			if err != nil || got.String() != tc.want {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
		})
	}
}

// The host's and the broadcast address of the machines' network lie in the
// eighth subnet, which no region has; should one get it, they stay reserved.
func TestReservedAddresses(t *testing.T) {
	last := netip.MustParsePrefix("172.31.14.0/23")
	for _, a := range []string{"172.31.15.254", "172.31.15.255", "172.31.14.0"} {
		if !reserved(netip.MustParseAddr(a), last) {
			t.Errorf("%s is not reserved", a)
		}
	}
	if reserved(netip.MustParseAddr("172.31.15.253"), last) {
		t.Error("172.31.15.253 is reserved")
	}
}

func TestMAC(t *testing.T) {
	if got := MAC(netip.MustParseAddr("172.31.0.10")); got != "02:00:ac:1f:00:0a" {
		t.Error(got)
	}
}

func TestEveryZoneHasASubnetOfTheNetwork(t *testing.T) {
	network := netip.MustParsePrefix("172.31.0.0/20")
	for _, r := range regionList {
		seen := map[netip.Prefix]bool{}
		for _, z := range r.allZones() {
			if !network.Overlaps(z.cidr()) || seen[z.cidr()] {
				t.Errorf("%s: subnet %s", z.name, z.cidr())
			}
			seen[z.cidr()] = true
		}
	}
}
