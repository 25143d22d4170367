//go:build !race && !races

package scenarios

const underRace = false
