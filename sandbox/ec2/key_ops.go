package ec2

import "amiship/sandbox/wire"

// keyOps are the operations of key pairs.
type keyOps struct{}

func (o keyOps) table() []wire.Operation {
	return []wire.Operation{
		change("CreateKeyPair", mutating, o.createKeyPair),
		change("ImportKeyPair", mutating, o.importKeyPair),
		look("DescribeKeyPairs", describing, o.describeKeyPairs),
		change("DeleteKeyPair", mutating, o.deleteKeyPair),
	}
}
