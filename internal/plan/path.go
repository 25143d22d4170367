package plan

import "slices"

// Link is one link of the chain from a step to what it waits for: a step, or the blocker or
// wait at its end.
type Link struct {
	Step    *Step    `json:"step,omitempty"`
	Blocker *Blocker `json:"blocker,omitempty"`
	Wait    *Wait    `json:"wait,omitempty"`
}

// Name is the id of the step or blocker; of a wait, the reason.
func (l Link) Name() string {
	switch {
	case l.Blocker != nil:
		return l.Blocker.ID
	case l.Wait != nil:
		return l.Wait.Why
	}
	return string(l.Step.ID)
}

// Path returns what a step waits for: the step itself first, then the steps before it, to
// the blocker, the wait, the failure or the action under way that everything rests on. Of
// several steps before one it follows the one that needs a person first.
func (p Plan) Path(id ID) []Link { return p.paths().path(id) }

// WithPaths returns the plan with what each of its steps waits for.
func (p Plan) WithPaths() Plan {
	all := p.paths()
	steps := slices.Clone(p.Steps)
	for i := range steps {
		if path := all.path(steps[i].ID); len(path) > 1 {
			for _, l := range path[1:] {
				steps[i].WaitsFor = append(steps[i].WaitsFor, l.Name())
			}
		}
	}
	p.Steps = steps
	return p
}

// paths are those of a plan's steps; each is found once.
type paths struct {
	steps    map[ID]*Step
	blockers map[ID]*Blocker // by a step that they hold: the first
	waits    map[ID]*Wait
	found    map[ID][]Link // nil while it is being found: steps that wait for each other end there
}

func (p Plan) paths() *paths {
	out := &paths{steps: map[ID]*Step{}, blockers: map[ID]*Blocker{}, waits: map[ID]*Wait{}, found: map[ID][]Link{}}
	for i := range p.Steps {
		out.steps[p.Steps[i].ID] = &p.Steps[i]
	}
	for i := range slices.Backward(p.Blockers) {
		for _, id := range p.Blockers[i].Holds {
			out.blockers[id] = &p.Blockers[i]
		}
	}
	for i := range slices.Backward(p.Waits) {
		out.waits[p.Waits[i].On] = &p.Waits[i]
	}
	return out
}

func (p *paths) path(id ID) []Link {
	s := p.steps[id]
	if path, begun := p.found[id]; begun || s == nil {
		return path
	}
	p.found[id] = nil
	p.found[id] = append([]Link{{Step: s}}, p.rest(s)...)
	return p.found[id]
}

// rest is the path behind a step.
func (p *paths) rest(s *Step) []Link {
	switch s.State {
	case Blocked:
		if b := p.blockers[s.ID]; b != nil {
			return []Link{{Blocker: b}}
		}
	case Waiting:
		if w := p.waits[s.ID]; w != nil {
			return []Link{{Wait: w}}
		}
		return []Link{{Wait: &Wait{On: s.ID, Why: s.Why}}} // for its next try, or for facts that are read just now
	case Queued:
		return p.before(s)
	}
	return nil
}

// urgency orders the states in which a path can end.
var urgency = []State{Failed, Blocked, Waiting, Running, Ready}

// before is the path from the step before another that needs a person first.
func (p *paths) before(s *Step) (worst []Link) {
	for _, id := range s.After {
		if path := p.path(id); len(path) > 0 && (worst == nil || rank(path) < rank(worst)) {
			worst = path
		}
	}
	return worst
}

// rank is how urgent the end of a path is; the most urgent is 0.
func rank(path []Link) int {
	for _, l := range slices.Backward(path) {
		if i := slices.Index(urgency, stateOf(l)); i >= 0 {
			return i
		}
	}
	return len(urgency)
}

func stateOf(l Link) State {
	if l.Step == nil {
		return ""
	}
	return l.Step.State
}
