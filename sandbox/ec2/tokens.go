package ec2

import (
	"encoding/json"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// token remembers what a client token was used for.
type token struct {
	Params string    // digest of the request
	Result []string  // ids that were made
	Until  time.Time // forgotten afterwards
}

// tokens by account and operation and client token, in partition region.
var tokens = cloud.NewTable[token]("ec2.tokens")

const maxToken = 64

// replay returns what an earlier call with the same client token made. The
// same token with other parameters is IdempotentParameterMismatch. An empty
// token never replays.
func replay(c *wire.Call, clientToken string, in any) ([]string, error) {
	if clientToken == "" {
		return nil, nil
	}
	if len(clientToken) > maxToken {
		return nil, invalidValue("ClientToken", clientToken, "The token is too long: at most 64 characters.")
	}
	t, found := tokens.Get(c.Tx, c.Region, tokenKey(c, clientToken))
	if !found || !c.Now.Before(t.Until) {
		return nil, nil
	}
	if t.Params != paramsDigest(in) {
		return nil, wire.Errorf("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	}
	return t.Result, nil
}

// remember keeps what a call with a client token made.
func (k core) remember(c *wire.Call, clientToken string, in any, ids ...string) {
	if clientToken == "" {
		return
	}
	tokens.Put(c.Tx, c.Region, tokenKey(c, clientToken), token{
		Params: paramsDigest(in), Result: ids, Until: c.Now.Add(k.set.TokenLife),
	})
}

func tokenKey(c *wire.Call, clientToken string) string {
	return c.Account.ID + "/" + c.Action + "/" + clientToken
}

func paramsDigest(in any) string {
	raw, err := json.Marshal(in)
	if err != nil {
		panic("a request's parameters cannot be encoded: " + err.Error())
	}
	return digest(string(raw))
}
