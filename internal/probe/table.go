package probe

import "slices"

// Statements are all there are, in the order in which they are asked: what is pending is
// asked about before it is waited for, and what fills a limit comes last.
func Statements() []Statement {
	return slices.Concat(reads(), claimStatements(), imageStatements(), copyStatements(), parameterStatements(), listingStatements(), launchStatements())
}

// Names are those of all statements.
func Names() (out []string) {
	for _, s := range Statements() {
		out = append(out, s.Name)
	}
	return out
}
