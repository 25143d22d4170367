package sandbox

import (
	"reflect"
	"time"

	"amiship/sandbox/cloud"
)

// origin is what a state remembers of its beginning.
type origin struct {
	At       time.Time
	World    string // the file it was loaded from
	Settings Settings
}

var origins = cloud.NewTable[origin]("sandbox")

// begin loads the world into an empty state, and returns the settings that
// hold. A state that has begun goes on as it is.
func (s *box) begin(w World) (set Settings, err error) {
	if w.Clock != 0 && !s.begun() {
		if err := s.store.Shift(w.Clock); err != nil {
			return set, err
		}
	}
	err = s.store.Update(func(tx *cloud.Tx) error {
		if o, ok := origins.Get(tx, "", "origin"); ok {
			set = o.Settings
			if s.cfg.World != "" && s.cfg.World != o.World {
				s.log.Warn("the state exists and goes on as it is: the world is not loaded", "state", s.cfg.State, "world", s.cfg.World)
			}
			if s.cfg.As != "" && !reflect.DeepEqual(w.Settings, o.Settings) {
				s.log.Warn("the state exists and goes on as it is: AWS's answers are not taken over", "state", s.cfg.State, "as", s.cfg.As)
			}
			return nil
		}
		set = w.Settings
		origins.Put(tx, "", "origin", origin{At: tx.Now, World: s.cfg.World, Settings: set})
		return w.load(tx)
	})
	return set, err
}

func (s *box) begun() (yes bool) {
	_ = s.store.View(func(tx *cloud.Tx) error {
		_, yes = origins.Get(tx, "", "origin")
		return nil
	})
	return yes
}
