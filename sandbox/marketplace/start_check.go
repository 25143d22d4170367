package marketplace

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

var (
	nameForm       = regexp.MustCompile(`^[\w\s+=.:@-]{1,100}$`)
	tokenForm      = regexp.MustCompile(`^[!-~]{1,64}$`)
	typeForm       = regexp.MustCompile(`^[A-Z]\w{0,254}$`)
	changeNameForm = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{0,71}$`)
	identifierForm = regexp.MustCompile(`^[\w\-@]{1,255}$`)
)

const (
	maxChanges = 20
	maxDetails = 16384 // of Details; for DetailsDocument none is documented
)

// violates is the error for a value that breaks a documented pattern or limit.
func violates(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// check finds what is wrong with the request by itself.
func (in *startIn) check() error {
	if err := checkCatalog(in.Catalog); err != nil {
		return err
	}
	switch {
	case in.ChangeSetName != "" && !nameForm.MatchString(in.ChangeSetName):
		return violates(in.ChangeSetName, "changeSetName", `Member must satisfy regular expression pattern: ^[\w\s+=.:@-]+$ and have length less than or equal to 100`)
	case in.ClientRequestToken != "" && !tokenForm.MatchString(in.ClientRequestToken):
		return violates(in.ClientRequestToken, "clientRequestToken", `Member must satisfy regular expression pattern: ^[!-~]+$ and have length less than or equal to 64`)
	case in.Intent != "" && in.Intent != apply && in.Intent != validate:
		return violates(in.Intent, "intent", "Member must satisfy enum value set: [VALIDATE, APPLY]")
	case len(in.ChangeSet) < 1 || len(in.ChangeSet) > maxChanges:
		return invalid("The change set has %d changes. It must have between 1 and %d.", len(in.ChangeSet), maxChanges)
	case in.Intent == validate && (len(in.ChangeSet) != 1 || in.ChangeSet[0].ChangeType != addOptions):
		return invalid("Intent VALIDATE is supported only for a single change of type %s.", addOptions)
	}
	for _, change := range in.ChangeSet {
		if err := change.check(); err != nil {
			return err
		}
	}
	return checkTags(in.ChangeSetTags)
}

func (in changeIn) check() error {
	switch {
	case !typeForm.MatchString(in.ChangeType):
		return violates(in.ChangeType, "changeType", `Member must satisfy regular expression pattern: ^[A-Z][\w]*$`)
	case in.Entity.Type != entityType:
		return invalid("The entity type '%s' is not supported by change type '%s'.", in.Entity.Type, in.ChangeType)
	case !slices.Contains(changeTypes, in.ChangeType):
		return invalid("The change type '%s' is not supported for entity type '%s': the sandbox does not have it.", in.ChangeType, in.Entity.Type)
	case !identifierForm.MatchString(in.Entity.Identifier):
		return violates(in.Entity.Identifier, "entity.identifier", `Member must satisfy regular expression pattern: ^[\w\-@]+$`)
	case in.ChangeName != "" && !changeNameForm.MatchString(in.ChangeName):
		return violates(in.ChangeName, "changeName", `Member must satisfy regular expression pattern: ^[a-zA-Z]$ and have length less than or equal to 72`)
	}
	if _, err := in.details(); err != nil {
		return err
	}
	return checkTags(in.EntityTags)
}

// details returns the JSON object of the change, from whichever of the two
// members holds it.
func (in changeIn) details() (json.RawMessage, error) {
	raw := in.DetailsDocument
	hasDocument := len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
	switch {
	case hasDocument && in.Details != nil:
		return nil, invalid("Specify Details or DetailsDocument, not both.")
	case !hasDocument && in.Details == nil:
		return nil, invalid("Details or DetailsDocument is required.")
	case in.Details != nil:
		raw = json.RawMessage(*in.Details)
		if len(raw) > maxDetails {
			return nil, violates("...", "details", "Member must have length less than or equal to 16384")
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, invalid("The details of change type '%s' are not a JSON object.", in.ChangeType)
	}
	var small bytes.Buffer
	err := json.Compact(&small, raw)
	return small.Bytes(), err
}

// changes holds the request against the products it names.
func (in *startIn) changes(c *wire.Call) ([]Change, error) {
	var out []Change
	for _, change := range in.ChangeSet {
		p, revision, found := find(c.Tx, c.Account.ID, change.Entity.Identifier)
		switch {
		case !found:
			return nil, notFound("Entity '%s' was not found.", change.Entity.Identifier)
		case revision != "" && change.Entity.Identifier != p.Identifier():
			return nil, invalid("The entity revision in '%s' is not the newest one. The newest is '%s'.", change.Entity.Identifier, p.Identifier())
		}
		details, err := change.details()
		if err != nil {
			return nil, err
		}
		made := Change{Type: change.ChangeType, Name: change.ChangeName, Product: p.ID, Identifier: change.Entity.Identifier, Details: details}
		if slices.ContainsFunc(out, func(o Change) bool { return o.Type == made.Type && o.Product == made.Product }) {
			return nil, invalid("The change set has several changes of type '%s' for entity '%s'. There can be only one.", made.Type, made.Product)
		}
		out = append(out, made)
	}
	return out, nil
}

// digest tells requests apart.
func (in *startIn) digest() string {
	text, err := json.Marshal(in)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// replayed answers a request that was made before with the same token.
func (m *Marketplace) replayed(c *wire.Call, in *startIn) (*setOut, error) {
	if in.ClientRequestToken == "" {
		return nil, nil //nolint:nilnil // no token, nothing to repeat
	}
	s, found := tokenOwner(c.Tx, c.Account.ID, in.ClientRequestToken)
	switch {
	case !found:
		return nil, nil //nolint:nilnil // a new token
	case s.Digest != in.digest():
		return nil, wire.Errorf(m.set.TokenReused, "The client request token '%s' was used for another request.", in.ClientRequestToken)
	}
	return &setOut{s.ID, s.arn()}, nil
}

func tokenOwner(tx *cloud.Tx, account, token string) (ChangeSet, bool) {
	for _, part := range []string{pendingSets, endedSets} {
		for _, s := range sets.All(tx, part) {
			if s.Account == account && s.Token == token {
				return s, true
			}
		}
	}
	return ChangeSet{}, false
}
