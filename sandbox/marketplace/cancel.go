package marketplace

import "amiship/sandbox/wire"

type setIn struct {
	Catalog     string `check:"required"`
	ChangeSetID string `json:"ChangeSetId" check:"required"`
}

type setOut struct {
	ChangeSetID  string `json:"ChangeSetId"`
	ChangeSetArn string
}

func setNotFound(id string) error { return notFound("Change set '%s' was not found.", id) }

// cancelChangeSet ends a change set that is still PREPARING.
func (m *Marketplace) cancelChangeSet(c *wire.Call, in *setIn) (*setOut, error) {
	if err := checkCatalog(in.Catalog); err != nil {
		return nil, err
	}
	s, found := findSet(c.Tx, c.Account.ID, in.ChangeSetID)
	if !found {
		return nil, setNotFound(in.ChangeSetID)
	}
	if s.Status != preparing {
		return nil, m.pastCancelling(s)
	}
	putSet(c.Tx, s.end(cancelled, c.Now))
	return &setOut{s.ID, s.arn()}, nil
}

func (m *Marketplace) pastCancelling(s ChangeSet) error {
	code := "ResourceInUseException"
	if m.set.CancelRefusal == RefuseValidation {
		code = "ValidationException"
	}
	return wire.Errorf(code, "Change set '%s' is in status %s and cannot be cancelled. Only change sets in status %s can.", s.ID, s.Status, preparing)
}
