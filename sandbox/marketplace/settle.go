package marketplace

import (
	"time"

	"amiship/sandbox/cloud"
)

// Settle moves on the change sets that are due. It is to be called before
// every request, of EC2 too: what buyers find there depends on it. Disks are
// looked at outside of the store's lock; what the looks found is kept only
// with the step that it leads to, so that a sandbox that dies in between looks
// again.
func (m *Marketplace) Settle() {
	if !m.anyDue() {
		return
	}
	m.settling.Lock()
	defer m.settling.Unlock()
	looked := m.look()
	// It cannot fail but with the journal, and then the next call does the same.
	_ = m.store.Update(func(tx *cloud.Tx) error {
		for {
			s, found := m.nextDue(tx, looked)
			if !found {
				break
			}
			putSet(tx, m.step(tx, s, looked[s.ID]))
		}
		m.forget(tx)
		return nil
	})
}

func (m *Marketplace) anyDue() (due bool) {
	_ = m.store.View(func(tx *cloud.Tx) error {
		for _, s := range sets.All(tx, pendingSets) {
			due = due || s.dueBy(tx.Now)
		}
		return nil
	})
	return due
}

// nextDue finds the change set whose step is due first. One whose disks nobody
// has looked at yet, because it has just become due, waits for the next call.
func (m *Marketplace) nextDue(tx *cloud.Tx, looked map[string]verdict) (next ChangeSet, found bool) {
	var first time.Time
	for id, s := range sets.All(tx, pendingSets) {
		at, _ := s.due()
		if !s.dueBy(tx.Now) || found && !at.Before(first) {
			continue
		}
		if _, done := looked[id]; done || s.Status != preparing {
			next, first, found = s, at, true
		}
	}
	return next, found
}

// step moves a change set on by one status.
func (m *Marketplace) step(tx *cloud.Tx, s ChangeSet, v verdict) ChangeSet {
	at, _ := s.due()
	if s.Status == applying {
		if problems, bad := m.stillThere(tx, s); bad {
			return s.fail(clientError, at, problems)
		}
		m.applyAll(tx, s, at)
		return s.end(succeeded, at)
	}
	if s.Fate != nil && s.Fate.FailureCode != "" {
		return s.fail(s.Fate.FailureCode, at, [][]Problem{s.Fate.Problems})
	}
	problems, bad := m.judge(tx, s, v)
	switch {
	case bad:
		return s.fail(clientError, at, problems)
	case v.err != "":
		s = s.fail(serverFault, at, nil)
		s.FailureText = v.err
		return s
	case s.Intent == validate:
		return s.end(succeeded, at)
	}
	s.Status = applying
	return s
}

// forget deletes the change sets that are not shown any more.
func (m *Marketplace) forget(tx *cloud.Tx) {
	for id, s := range sets.All(tx, endedSets) {
		if m.forgotten(s, tx.Now) {
			sets.Delete(tx, endedSets, id)
			tagged.Delete(tx, "", s.arn())
		}
	}
}
