package sts

import (
	"slices"

	"amiship/sandbox/wire"
)

// asks are the roles that a call is about. Who is named by a role's trust policy itself may
// assume a role of its own account without another permission.
func asks(c *wire.Call, in any) []wire.Asked {
	assume, ok := in.(*assumeIn)
	if !ok {
		return nil
	}
	r, found := roles.Get(c.Tx, "", assume.RoleArn)
	named := found && r.Account == c.Account.ID && slices.Contains(r.Trusted, c.Credential.Principal)
	return []wire.Asked{{Resource: assume.RoleArn, Granted: named}}
}

type decodeIn struct{ EncodedMessage string }

type decodeOut struct{ DecodedMessage string }

// decodeMessage says what an encoded authorization failure message does, as JSON.
func decodeMessage(_ *wire.Call, in *decodeIn) (*decodeOut, error) {
	text, ok := wire.Decode(in.EncodedMessage)
	if !ok {
		return nil, wire.Errorf("InvalidAuthorizationMessageException", "Message is not valid")
	}
	return &decodeOut{text}, nil
}
