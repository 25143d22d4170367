package marketplace

import (
	"cmp"
	"encoding/json"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type tag struct{ Key, Value string }

type changeIn struct {
	ChangeType      string
	Entity          entityRef
	EntityTags      []tag
	Details         *string
	DetailsDocument json.RawMessage
	ChangeName      string
}

type startIn struct {
	Catalog            string     `check:"required"`
	ChangeSet          []changeIn `check:"required"`
	ChangeSetName      string
	ClientRequestToken string
	ChangeSetTags      []tag
	Intent             string
}

// startChangeSet checks what AWS checks at once, and takes the rest for later.
func (m *Marketplace) startChangeSet(c *wire.Call, in *startIn) (*setOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if s, err := m.replayed(c, in); err != nil || s != nil {
		return s, err
	}
	changes, err := in.changes(c)
	if err != nil {
		return nil, err
	}
	for _, check := range []func(*wire.Call, []Change) error{m.checkOpen, m.checkLocks, m.checkLimit, checkPass} {
		if err := check(c, changes); err != nil {
			return nil, err
		}
	}
	s := m.newSet(c, in, changes)
	putSet(c.Tx, s)
	putTags(c.Tx, s.arn(), in.ChangeSetTags)
	for i, change := range changes {
		p, _ := products.Get(c.Tx, "", change.Product)
		putTags(c.Tx, p.arn(), in.ChangeSet[i].EntityTags)
	}
	return &setOut{s.ID, s.arn()}, nil
}

func (m *Marketplace) newSet(c *wire.Call, in *startIn, changes []Change) ChangeSet {
	s := ChangeSet{
		ID: newSetID(), Account: c.Account.ID, Name: cmp.Or(in.ChangeSetName, "Submitted by "+c.Account.ID), Intent: cmp.Or(in.Intent, apply), Status: preparing,
		Token: in.ClientRequestToken, Digest: in.digest(), Started: c.Now, Changes: changes,
	}
	o := endingOf(c, takeOutcome(c.Tx, s))
	s.Fate = o.fate()
	s.schedule(c.Tx, o.Preparing, o.Applying, m.set)
	return s
}

// schedule says when the set moves on; durations that are zero are the settings'.
func (s *ChangeSet) schedule(tx *cloud.Tx, prepare, apply time.Duration, set Settings) {
	prepare = cmp.Or(prepare, set.Preparing)
	apply = cmp.Or(apply, set.Applying)
	s.Prepared, s.Applied = tx.Due(prepare), tx.Due(prepare+apply)
}

// newSetID is 25 small letters and digits long, as AWS's are.
func newSetID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	b := randomBytes(25)
	for i, x := range b {
		b[i] = letters[int(x)%len(letters)]
	}
	return string(b)
}

// checkOpen holds the account to its quota of pending change sets.
func (m *Marketplace) checkOpen(c *wire.Call, _ []Change) error {
	n := 0
	for _, s := range sets.All(c.Tx, pendingSets) {
		if s.Account == c.Account.ID {
			n++
		}
	}
	if n >= m.set.Open {
		return wire.Errorf("ServiceQuotaExceededException", "The maximum number of open requests per account (%d) has been exceeded.", m.set.Open)
	}
	return nil
}

// checkLimit refuses a version too many, if a world has AWS do so at once.
func (m *Marketplace) checkLimit(c *wire.Call, changes []Change) error {
	code := map[Word]string{LimitQuota: "ServiceQuotaExceededException", LimitValidation: "ValidationException"}[m.set.VersionLimit.Failure]
	if code == "" {
		return nil
	}
	for _, change := range changes {
		if change.Type != addOptions {
			continue
		}
		p, _ := products.Get(c.Tx, "", change.Product)
		if text := m.tooMany(p, changes); text != "" {
			return wire.Errorf(code, "%s", text)
		}
	}
	return nil
}

// checkPass refuses to hand on a role that the caller may not pass.
func checkPass(c *wire.Call, changes []Change) error {
	for _, change := range changes {
		if change.Type != addOptions {
			continue
		}
		pass := wire.Asked{
			Action: "iam:PassRole", Resource: parse[addDetails](change).source().AccessRoleArn,
			Context: map[string][]string{"iam:PassedToService": {ingester}},
		}
		if err := c.May(pass); err != nil {
			return err
		}
	}
	return nil
}
