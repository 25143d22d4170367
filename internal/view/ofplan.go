package view

import (
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// OfPlan is how far a release is, as its plan alone says.
func OfPlan(d release.Desired, p plan.Plan) Release {
	return Sources{World: world.New()}.open(Planned{Tag: d.Tag, Desired: d, Plan: p}, Release{Tag: d.Tag, Version: d.Version.Text})
}
