package probe

import (
	"context"
	"slices"
	"strconv"
)

// Mark says what a statement rests on: docs/reference/aws.md has the same marks.
type Mark string

// The marks.
const (
	Verified   Mark = "V" // by a model, by source, or measured on the wire
	Documented Mark = "D" // by AWS
	Seen       Mark = "P" // in public, where AWS's output is quoted
	Unknown    Mark = "?" // the sandbox has a setting for it
)

// Group says what asking a statement takes.
type Group string

// The groups.
const (
	Reads     Group = "read"
	Writes    Group = "write"
	Validates Group = "validate" // writes, and a product
	Launches  Group = "launch"
)

// Statement is a behavior of AWS that the product relies on.
type Statement struct {
	Number int // never given to another one
	Name   string
	Does   string // what is done, and what for the answer stands
	Want   string // the sandbox's answer, without settings
	Mark   Mark
	Group  Group
	// Needs are the things that are made first. Makes, Actions and Cents are what asking
	// makes and takes beside them: IAM actions, and US cents at most.
	Needs   []*Thing
	Makes   string
	Actions []string
	Cents   float64
	// Setting is the sandbox's, with a dot after its section, that takes the answer over.
	// It is set for all that is Unknown.
	Setting string
	// Measured answers are durations: they are recorded, not compared.
	Measured bool

	ask func(context.Context, *asker) (string, error)
}

// is reports whether a user names the statement so.
func (s Statement) is(name string) bool { return name == s.Name || name == strconv.Itoa(s.Number) }

// Thing is what statements need on AWS, made once.
type Thing struct {
	Name    string // "AMI"
	Makes   string // "an AMI of that snapshot"
	Needs   []*Thing
	Actions []string
	Cents   float64
	make    func(context.Context, *asker) (string, error)
}

// Scope is what asking some statements takes.
type Scope struct {
	Makes   []string // things, in the order in which they are made
	Actions []string // IAM actions, sorted
	Cents   float64  // US cents at most
}

// ScopeOf sums up statements.
func ScopeOf(statements []Statement) Scope {
	out := Scope{Actions: []string{"sts:GetCallerIdentity"}}
	seen := map[string]bool{}
	var needs func([]*Thing)
	needs = func(things []*Thing) {
		for _, t := range things {
			needs(t.Needs)
			if !seen[t.Name] {
				seen[t.Name] = true
				out.add(t.Makes, t.Actions, t.Cents)
			}
		}
	}
	changes := false
	for _, s := range statements {
		needs(s.Needs)
		out.add(s.Makes, s.Actions, s.Cents)
		changes = changes || s.Group != Reads
		if s.Group == Validates {
			out.Actions = append(out.Actions, "aws-marketplace:ListChangeSets")
		}
	}
	if changes {
		out.Actions = append(out.Actions, cleanActions...)
	}
	slices.Sort(out.Actions)
	out.Actions = slices.Compact(out.Actions)
	return out
}

func (s *Scope) add(makes string, actions []string, cents float64) {
	if makes != "" && !slices.Contains(s.Makes, makes) {
		s.Makes = append(s.Makes, makes)
	}
	s.Actions, s.Cents = append(s.Actions, actions...), s.Cents+cents
}

// method makes a method of the asker what asks a statement, or makes a thing.
func method(of func(*asker, context.Context) (string, error)) func(context.Context, *asker) (string, error) {
	return func(ctx context.Context, a *asker) (string, error) { return of(a, ctx) }
}
