package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"amiship/internal/release"
)

// In JSON an action and a step are one flat object: id, kind, target, guard, the fields of
// the change, and those of the step.

type wireAction struct {
	ID     ID          `json:"id"`
	Kind   Kind        `json:"kind"`
	Target release.Key `json:"target"`
	Guard  Guard       `json:"guard,omitzero"`
}

type wireStep struct {
	State    State     `json:"state"`
	Required bool      `json:"required"`
	After    []ID      `json:"after,omitempty"`
	Set      string    `json:"set,omitempty"`
	Why      string    `json:"why,omitempty"`
	Code     string    `json:"code,omitempty"`
	Retry    time.Time `json:"retry,omitzero"`
	Took     float64   `json:"took_seconds,omitzero"`
	WaitsFor []string  `json:"waits_for,omitempty"`
}

// MarshalJSON writes one object.
func (a Action) MarshalJSON() ([]byte, error) {
	return flat(wireAction{a.ID, a.Kind(), a.Target, a.Guard}, a.Change)
}

// UnmarshalJSON reads what MarshalJSON writes; a kind that is not described is an error.
func (a *Action) UnmarshalJSON(text []byte) error {
	var w wireAction
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*a = Action{ID: w.ID, Target: w.Target, Guard: w.Guard}
	if w.Kind == "" {
		return nil
	}
	for _, s := range kinds {
		if s.kind == w.Kind {
			c := reflect.New(reflect.TypeOf(s.change))
			c.Elem().Set(reflect.ValueOf(s.change))
			err := json.Unmarshal(text, c.Interface())
			a.Change = c.Elem().Interface().(Change)
			return err
		}
	}
	return fmt.Errorf("step %s is of a kind %q that is unknown to this version", w.ID, w.Kind)
}

// MarshalJSON writes one object.
func (s Step) MarshalJSON() ([]byte, error) {
	return flat(s.Action, wireStep{s.State, s.Required, s.After, s.Set, s.Why, s.Code, s.Retry, s.Took.Seconds(), s.WaitsFor})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Step) UnmarshalJSON(text []byte) error {
	var w wireStep
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*s = Step{State: w.State, Required: w.Required, After: w.After, Set: w.Set, Why: w.Why, Code: w.Code, Retry: w.Retry, Took: time.Duration(math.Round(w.Took * float64(time.Second))), WaitsFor: w.WaitsFor}
	return s.Action.UnmarshalJSON(text)
}

// MarshalJSON writes durations in seconds.
func (q Queue) MarshalJSON() ([]byte, error) {
	type plain Queue
	return json.Marshal(struct {
		plain
		TookSeconds float64 `json:"took_seconds,omitempty"`
	}{plain(q), q.Took.Seconds()})
}

// flat writes one object with the fields of several.
func flat(parts ...any) ([]byte, error) {
	var fields [][]byte
	for _, part := range parts {
		text, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		if len(text) > len("{}") && part != nil {
			fields = append(fields, text[1:len(text)-1])
		}
	}
	return slices.Concat([]byte("{"), bytes.Join(fields, []byte(",")), []byte("}")), nil
}
