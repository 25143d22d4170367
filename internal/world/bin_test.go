package world

import "testing"

func TestKeptDays(t *testing.T) {
	tags := map[string]string{"Type": "P", "amiship:project": "1:p"}
	all := BinRule{Days: 7}
	for name, c := range map[string]struct {
		rules []BinRule
		want  int
	}{
		"no rule":        {nil, 0},
		"all AMIs":       {[]BinRule{all}, 7},
		"the longest":    {[]BinRule{all, {Days: 30, Tags: []BinTag{{"Type", "P"}}}, {Days: 14}}, 30},
		"any value":      {[]BinRule{{Days: 3, Tags: []BinTag{{"Other", "x"}, {"Type", ""}}}}, 3},
		"another value":  {[]BinRule{{Days: 3, Tags: []BinTag{{"Type", "Q"}}}}, 0},
		"all but those":  {[]BinRule{{Days: 3, Except: []BinTag{{"amiship:project", "1:p"}}}}, 0},
		"all but others": {[]BinRule{{Days: 3, Except: []BinTag{{"amiship:project", "1:q"}}}}, 3},
	} {
		if got := KeptDays(c.rules, tags); got != c.want {
			t.Errorf("%s: %d days, want %d", name, got, c.want)
		}
	}
}
