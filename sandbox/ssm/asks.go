package ssm

import (
	"maps"
	"strconv"

	"amiship/sandbox/wire"
)

// asks are the parameters that a call is about. DescribeParameters takes none.
func asks(c *wire.Call, in any) []wire.Asked {
	out := []wire.Asked{}
	for _, member := range []string{"Name", "Names", "Path", "ResourceId"} {
		for _, name := range wire.Members(in, member) {
			name, _ = split(c, name)
			out = append(out, wire.Asked{Resource: c.Account.Partition.ParameterARN(c.Region, c.Account.ID, name), Context: map[string][]string{}})
		}
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
