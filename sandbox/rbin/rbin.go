// Package rbin is the sandbox's Recycle Bin, as far as its rules can be read: what a
// deregistered image comes to is EC2's.
//
// A rule is of a region. The sandbox has one at most, for all images of an account
// there, which a world gives it.
package rbin

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"time"

	"amiship/sandbox/wire"
)

// Retention is how long the Recycle Bin keeps images of the calling account in its
// region; zero: there is no rule.
type Retention func(*wire.Call) time.Duration

// Service is the table of operations.
func Service(keeps Retention) wire.Service {
	return wire.Service{
		Name:     "rbin",
		Protocol: wire.RESTJSON{Methods: map[string]string{"GetRule": "GET"}, Paths: map[string]string{"/list-rules": "ListRules", "/rules/": "GetRule"}},
		Operations: []wire.Operation{
			wire.Read("ListRules", reading, keeps.list),
			wire.Read("GetRule", reading, keeps.get),
		},
	}
}

// reading: the Recycle Bin does not publish its rates [?].
var reading = wire.Bucket{Name: "read", Max: 20, Refill: 10}

type period struct {
	RetentionPeriodValue int
	RetentionPeriodUnit  string
}

type summary struct {
	Identifier, Description, LockState, RuleArn string
	RetentionPeriod                             period
}

type tag struct{ ResourceTagKey, ResourceTagValue string }

type rule struct {
	summary
	ResourceType, Status              string
	ResourceTags, ExcludeResourceTags []tag
}

type listIn struct {
	ResourceType                      string `check:"required"`
	ResourceTags, ExcludeResourceTags []tag
	LockState, NextToken              string
	MaxResults                        *int
}

type listOut struct{ Rules []summary }

func (keeps Retention) list(c *wire.Call, in *listIn) (*listOut, error) {
	if in.NextToken != "" {
		return nil, wire.Errorf("ValidationException", "The value of NextToken is not valid.")
	}
	out := &listOut{Rules: []summary{}}
	r := of(c, keeps(c)).summary
	if r.RetentionPeriod.RetentionPeriodValue > 0 && in.ResourceType == image && len(in.ResourceTags)+len(in.ExcludeResourceTags) == 0 &&
		(in.LockState == "" || in.LockState == r.LockState) {
		out.Rules = append(out.Rules, r)
	}
	return out, nil
}

type getIn struct {
	Identifier string `check:"required"`
}

func (keeps Retention) get(c *wire.Call, in *getIn) (*rule, error) {
	r := of(c, keeps(c))
	if r.RetentionPeriod.RetentionPeriodValue == 0 || r.Identifier != in.Identifier {
		return nil, &wire.Error{Code: "ResourceNotFoundException", Message: "The rule " + in.Identifier + " does not exist.", Status: 404}
	}
	return &r, nil
}

const image = "EC2_IMAGE"

// of is the account's rule in the region of a call; AWS counts in days.
func of(c *wire.Call, kept time.Duration) rule {
	sum := sha256.Sum256([]byte(c.Account.ID + c.Region))
	id := hex.EncodeToString(sum[:])[:11]
	return rule{
		summary: summary{
			Identifier: id, Description: "images of the sandbox's world", LockState: "unlocked",
			RuleArn:         c.Account.Partition.ARN("rbin", c.Region, c.Account.ID, "rule/"+id),
			RetentionPeriod: period{int(math.Ceil(kept.Hours() / 24)), "DAYS"},
		},
		ResourceType: image, Status: "available", ResourceTags: []tag{}, ExcludeResourceTags: []tag{},
	}
}
