package ec2

// rule is one ingress rule: a protocol, ports and one source.
type rule struct {
	ID          string
	Protocol    string // tcp, udp, icmp, icmpv6, a number, or -1 for all
	From, To    int    // -1 for all
	CIDR        string `json:",omitempty"`
	CIDR6       string `json:",omitempty"`
	PrefixList  string `json:",omitempty"`
	Group       string `json:",omitempty"`
	User        string `json:",omitempty"` // owner of Group
	Description string `json:",omitempty"`
}

// same reports whether two rules allow the same, ids and descriptions aside.
func (r rule) same(o rule) bool {
	r.ID, r.Description, r.User = o.ID, o.Description, o.User
	return r == o
}
