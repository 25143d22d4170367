package marketplace

import (
	"time"

	"amiship/sandbox/cloud"
)

// Settle advances the change sets that are due. It must be called before every
// request, of EC2 too: what buyers find there depends on it. Disks are scanned
// outside the store's lock; a result is stored only with the step that follows
// from it, so that a sandbox that dies in between scans again.
func (m *Marketplace) Settle() {
	if !m.anyDue() {
		return
	}
	m.settling.Lock()
	defer m.settling.Unlock()
	scans := m.scanDisks()
	// It cannot fail but with the journal, and then the next call does the same.
	_ = m.store.Update(func(tx *cloud.Tx) error {
		for {
			s, found := m.nextDue(tx, scans)
			if !found {
				break
			}
			putSet(tx, m.step(tx, s, scans[s.ID]))
		}
		m.assessDue(tx, true)
		m.forget(tx)
		return nil
	})
}

func (m *Marketplace) anyDue() (due bool) {
	_ = m.store.View(func(tx *cloud.Tx) error {
		for _, s := range sets.All(tx, pendingSets) {
			due = due || s.dueBy(tx.Now)
		}
		due = due || m.assessDue(tx, false)
		return nil
	})
	return due
}

// nextDue finds the change set whose step is due first. One whose disks were
// not scanned yet, because it has just become due, waits for the next call.
func (m *Marketplace) nextDue(tx *cloud.Tx, scans map[string]verdict) (next ChangeSet, found bool) {
	var first time.Time
	for id, s := range sets.All(tx, pendingSets) {
		at, _ := s.due()
		if !s.dueBy(tx.Now) || found && !at.Before(first) {
			continue
		}
		if _, done := scans[id]; done || s.Status != preparing {
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
		m.set.assessFate(tx, s, s.Fate.Problems, at)
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

// forget deletes the change sets that are no longer shown.
func (m *Marketplace) forget(tx *cloud.Tx) {
	for id, s := range sets.All(tx, endedSets) {
		if m.forgotten(s, tx.Now) {
			sets.Delete(tx, endedSets, id)
			tagged.Delete(tx, "", s.arn())
		}
	}
}
