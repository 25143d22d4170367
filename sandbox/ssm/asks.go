package ssm

import (
	"maps"
	"strconv"
	"strings"

	"amiship/sandbox/wire"
)

// asks are the parameters that a call is about. DescribeParameters takes none.
func asks(c *wire.Call, in any) []wire.Asked {
	out := []wire.Asked{}
	for _, member := range []string{"Name", "Names", "Path", "ResourceId"} {
		for _, name := range wire.Members(in, member) {
			name, _, _ = strings.Cut(name, ":") // a version or a label
			out = append(out, wire.Asked{Resource: arn(c, name), Context: map[string][]string{}})
		}
	}
	if len(out) == 0 {
		return []wire.Asked{{}}
	}
	if p, ok := in.(*putIn); ok {
		tags := map[string]string{}
		for _, t := range p.Tags {
			tags[t.Key] = t.Value
		}
		maps.Copy(out[0].Context, wire.RequestTags(tags))
		out[0].Context["ssm:Overwrite"] = []string{strconv.FormatBool(p.Overwrite)}
	}
	return out
}

// arn names a parameter; AWS's own have no account.
func arn(c *wire.Call, name string) string {
	account := c.Account.ID
	if strings.HasPrefix(name, "/aws/service/") {
		account = ""
	}
	return c.Account.Partition.ARN("ssm", c.Region, account, "parameter"+rooted(name))
}
