package sandbox

import (
	"time"

	"amiship/sandbox/cloud"
)

// origin is what a state remembers of its beginning.
type origin struct {
	At    time.Time
	World string // the file it was loaded from
}

var origins = cloud.NewTable[origin]("sandbox")

// begin loads the world into an empty state. A state that has begun goes on as
// it is.
func (s *box) begin(w World) error {
	return s.store.Update(func(tx *cloud.Tx) error {
		if o, ok := origins.Get(tx, "", "origin"); ok {
			if s.cfg.World != "" && s.cfg.World != o.World {
				s.log.Warn("the state exists and goes on as it is: the world is not loaded", "state", s.cfg.State, "world", s.cfg.World)
			}
			return nil
		}
		origins.Put(tx, "", "origin", origin{At: tx.Now, World: s.cfg.World})
		return w.load(tx)
	})
}
