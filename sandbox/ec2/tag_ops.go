package ec2

import "amiship/sandbox/wire"

// tagOps are the operations of tags.
type tagOps struct{ *core }

func (o tagOps) table() []wire.Operation {
	return []wire.Operation{
		change("CreateTags", tagging, o.createTags),
		change("DeleteTags", tagging, o.deleteTags),
		look("DescribeTags", describing, o.describeTags),
	}
}
