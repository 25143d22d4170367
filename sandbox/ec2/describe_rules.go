package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

type describeRulesIn struct {
	dry
	paging
	RuleIDs []string `wire:"SecurityGroupRuleId"`
	Filters []filter `wire:"Filter"`
}

// xmlDescribedRule has the tags also where there are none, unlike the answer that makes it.
type xmlDescribedRule struct {
	xmlRule
	Tags wire.List[xmlTag] `xml:"tagSet"`
	tags map[string]string
}

type describeRulesOut struct {
	Rules     wire.List[xmlDescribedRule] `xml:"securityGroupRuleSet"`
	NextToken string                      `xml:"nextToken,omitempty"`
}

var ruleFilters = filters[xmlDescribedRule]{
	by: map[string]func(xmlDescribedRule) []string{
		"group-id":               func(r xmlDescribedRule) []string { return one(r.GroupID) },
		"security-group-rule-id": func(r xmlDescribedRule) []string { return one(r.RuleID) },
	},
	tags: func(r xmlDescribedRule) map[string]string { return r.tags },
}

func (o networkOps) describeRules(c *wire.Call, in *describeRulesIn) (*describeRulesOut, error) {
	var all []xmlDescribedRule
	for _, g := range accountGroups(c) {
		for _, r := range append(slices.Clone(g.Ingress), g.egress()) {
			tags := TagsOf(c.Tx, c.Region, g.Account, r.ID)
			x := ruleXML(c, g, r, nil)
			x.IsEgress = r.ID == g.egress().ID
			all = append(all, xmlDescribedRule{x, tagList(tags), tags})
		}
	}
	_, err := named(in.RuleIDs, ruleNotFound, func(id string) (string, bool, error) {
		there := slices.ContainsFunc(all, func(x xmlDescribedRule) bool { return x.RuleID == id })
		return id, there, checkID("sgr", id, "InvalidSecurityGroupRuleId.Malformed")
	})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x xmlDescribedRule) bool { return len(in.RuleIDs) > 0 && !slices.Contains(in.RuleIDs, x.RuleID) })
	if all, err = ruleFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b xmlDescribedRule) int { return compareIDs(a.RuleID, b.RuleID) })
	all, next, err := page(c, in.paging, 5, all, func(x xmlDescribedRule) string { return x.RuleID })
	return &describeRulesOut{all, next}, err
}
