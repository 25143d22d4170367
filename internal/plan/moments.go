package plan

import (
	"strings"
	"time"
)

// Moment spells a time for people: "2026-11-24 12:00 UTC".
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// SetClock is the command that sets a machine's clock right, and keeps it so.
const SetClock = "sudo timedatectl set-ntp true"

// WrongClock says what a Skew means: "this machine's clock is 20m behind AWS's: …".
func WrongClock(skew time.Duration) string {
	side := "behind"
	if skew < 0 {
		side = "ahead of"
	}
	by := strings.TrimSuffix(skew.Abs().Round(time.Minute).String(), "0s")
	return "this machine's clock is " + by + " " + side + " AWS's: AWS refuses what Packer signs"
}
