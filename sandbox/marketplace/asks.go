package marketplace

import (
	"maps"
	"strings"

	"amiship/sandbox/wire"
)

// product is the type of entities that there are, without its version.
const product = "AmiProduct"

// asks are the products and change sets that a call is about.
func asks(c *wire.Call, in any) []wire.Asked {
	out := []wire.Asked{}
	about := func(kind, id string) {
		id, _, _ = strings.Cut(id, "@") // a revision
		out = append(out, wire.Asked{Resource: arnOf(c.Account.ID, kind, id), Context: map[string][]string{}})
	}
	switch in := in.(type) {
	case *startIn:
		tags := map[string]string{}
		for _, t := range in.ChangeSetTags {
			tags[t.Key] = t.Value
		}
		for _, change := range in.ChangeSet {
			kind, _, _ := strings.Cut(change.Entity.Type, "@")
			about(kind, change.Entity.Identifier)
			context := out[len(out)-1].Context
			maps.Copy(context, wire.RequestTags(tags))
			context["catalog:ChangeType"] = []string{change.ChangeType}
		}
	case *entityIn:
		about(product, in.EntityID)
	case *batchIn:
		for _, one := range in.EntityRequestList {
			about(product, one.EntityID)
		}
	case *setIn:
		about("ChangeSet", in.ChangeSetID)
	default:
		for _, arn := range wire.Members(in, "ResourceArn") {
			out = append(out, wire.Asked{Resource: arn})
		}
	}
	return out
}
