package ec2

import (
	"strconv"
	"strings"
	"time"

	"amiship/sandbox/wire"
)

const marketSpot = "spot"

// marketIn is how instances are paid. The sandbox has no prices: any that is one gets an
// instance; no capacity, or too low a price, is a fault.
type marketIn struct {
	MarketType string
	Spot       struct {
		MaxPrice                     string
		SpotInstanceType             string
		BlockDurationMinutes         int
		InstanceInterruptionBehavior string
		ValidUntil                   time.Time
	} `wire:"SpotOptions"`
}

func (m marketIn) check() error {
	s := m.Spot
	price, err := strconv.ParseFloat(s.MaxPrice, 64)
	switch {
	case m.MarketType == "" && s.MaxPrice != "":
		return invalidCombination("SpotOptions need the MarketType spot.")
	case m.MarketType != "" && m.MarketType != marketSpot:
		return wire.Errorf("Unsupported", "The sandbox's market types are spot and none, not %s.", m.MarketType)
	case s.MaxPrice != "" && (err != nil || price <= 0):
		return invalidValue("maxPrice", s.MaxPrice, "Expected a price above zero.")
	case s.SpotInstanceType != "" && s.SpotInstanceType != "one-time":
		return wire.Errorf("Unsupported", "Spot Instance requests of the sandbox are one-time, not %s.", s.SpotInstanceType)
	case s.BlockDurationMinutes%60 != 0 || s.BlockDurationMinutes > 360:
		return invalidValue("blockDurationMinutes", strconv.Itoa(s.BlockDurationMinutes), "Expected a multiple of 60, at most 360.")
	case s.InstanceInterruptionBehavior != "" && s.InstanceInterruptionBehavior != "terminate":
		return invalidCombination("A one-time Spot Instance request ends with its instance: InstanceInterruptionBehavior is terminate.")
	case !s.ValidUntil.IsZero():
		return invalidCombination("ValidUntil is for persistent Spot Instance requests only.")
	}
	return nil
}

// newSpotRequest is the id of a Spot Instance request: eight characters, not seventeen.
func newSpotRequest() string { return "sir-" + strings.TrimPrefix(newID("sir"), "sir-")[:8] }

// lifecycle is spot, or nothing.
func (in Instance) lifecycle() string {
	if in.SpotRequest != "" {
		return marketSpot
	}
	return ""
}

// notStoppable is AWS's answer to stopping what would end.
func notStoppable(id string) error {
	return wire.Errorf("UnsupportedOperation", "You can't stop the Spot Instance '%s' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.", id)
}

// ownsSpotRequest: a request is shown for as long as its instance is there.
func ownsSpotRequest(c *wire.Call, id string) bool {
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordHolds+id) {
		if in.Account == c.Account.ID && in.SpotRequest == id {
			return true
		}
	}
	return false
}
