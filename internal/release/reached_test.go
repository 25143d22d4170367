package release

import "testing"

// TestOutside: instances that are reached from private addresses need no public one.
func TestOutside(t *testing.T) {
	for name, c := range map[string]struct {
		from []string
		want bool
	}{
		"this machine's public address":   {[]string{AccessAuto}, true},
		"the VPC":                         {[]string{AccessVPC}, false},
		"a public range":                  {[]string{"198.51.100.0/24"}, true},
		"a private range":                 {[]string{"10.1.0.0/16"}, false},
		"a public and a private range":    {[]string{"198.51.100.0/24", "172.20.0.0/24"}, false},
		"everywhere, and so private ones": {[]string{"0.0.0.0/0"}, false},
		"a public range of IPv6":          {[]string{"2001:db8::/32"}, true},
		"a private range of IPv6":         {[]string{"fd00::/8"}, false},
	} {
		if got := (Build{AccessFrom: c.from}).Outside(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
