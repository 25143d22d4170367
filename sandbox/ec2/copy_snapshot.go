package ec2

import (
	"cmp"
	"fmt"
	"strings"

	"amiship/sandbox/wire"
)

type copySnapshotIn struct {
	dry
	Description       string
	DestinationRegion string // set by clients that presign; the region called decides
	Encrypted         bool
	KMSKeyID          string `wire:"KmsKeyId"`
	PresignedURL      string `wire:"PresignedUrl"`
	SourceRegion      string
	SourceSnapshotID  string    `wire:"SourceSnapshotId"`
	TagSpecs          []tagSpec `wire:"TagSpecification"`
	Minutes           int       `wire:"CompletionDurationMinutes"`
}

type copySnapshotOut struct {
	Tags       wire.List[xmlTag] `xml:"tagSet,omitempty"`
	SnapshotID string            `xml:"snapshotId"`
}

func (o snapshotOps) copySnapshot(c *wire.Call, in *copySnapshotIn) (*copySnapshotOut, error) {
	if !reachable(c, in.SourceRegion) {
		return nil, invalidValue("SourceRegion", in.SourceRegion, "Not a valid region.")
	}
	from, found := findSnapshot(c.Tx, in.SourceRegion, c.Account.ID, in.SourceSnapshotID)
	if !found {
		return nil, snapshotNotFound(in.SourceSnapshotID)
	}
	if state := from.state(c.Now); state != "completed" {
		return nil, wire.Errorf("IncorrectState", "Snapshot is in invalid state - %s", state)
	}
	tags, err := specTags(in.TagSpecs, "snapshot")
	if err := cmp.Or(err, checkKey(c, in.Encrypted, in.KMSKeyID), checkMinutes("CompletionDurationMinutes", in.Minutes)); err != nil {
		return nil, err
	}
	if limit := o.copyQuota(c); len(runningCopies(c.Tx, c.Region, c.Account.ID)) >= limit {
		return nil, tooManyCopies(limit)
	}
	s := copiedSnapshot(c, from, in.Encrypted, in.KMSKeyID)
	s.Description, s.Minutes = in.Description, in.Minutes
	if s.lacksKey(c) {
		s.Failed = keyLost
	}
	s.Due, s.Seen = c.Due(copyTime(o.set.CopySnapshot, in.Minutes)), c.Due(o.set.Lag)
	putSnapshot(c, s)
	putTags(c.Tx, c.Region, c.Account.ID, "snapshot", s.ID, tags["snapshot"])
	return &copySnapshotOut{Tags: tagList(tags["snapshot"]), SnapshotID: s.ID}, nil
}

// copiedSnapshot has the same disk as from. It is encrypted if that is
// requested, if from is, or if the account encrypts by default.
func copiedSnapshot(c *wire.Call, from Snapshot, encrypt bool, key string) Snapshot {
	s := Snapshot{
		ID: newID("snap"), Owner: c.Account.ID, Volume: "vol-ffffffff", Size: from.Size, Bytes: from.Bytes,
		Layers: from.Layers, Started: c.Now, Ready: true, Copy: true,
	}
	s.Encrypted, s.KMSKey = encryption(c, encrypt || from.Encrypted, key)
	return s
}

// encryption says whether a new volume or snapshot is encrypted, and with
// which key.
func encryption(c *wire.Call, asked bool, key string) (bool, string) {
	state := stateOf(c)
	if !asked && !state.Encrypt && key == "" {
		return false, ""
	}
	switch {
	case key != "":
		return true, keyARN(c, key)
	case state.KMSKey != "":
		return true, state.KMSKey
	}
	return true, defaultKey(c)
}

// defaultKey is the account's AWS managed key for EBS in the region. What it
// encrypts cannot be shared.
func defaultKey(c *wire.Call) string { return defaultKeyOf(c.Account.ID, c.Region) }

func defaultKeyOf(account, region string) string {
	sum := digest("aws/ebs " + account + " " + region)
	id := fmt.Sprintf("%s-%s-%s-%s-%s", sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32])
	return arn("kms", region, account, "key/"+id)
}

func keyARN(c *wire.Call, key string) string {
	switch {
	case strings.HasPrefix(key, "arn:"):
		return key
	case strings.HasPrefix(key, "alias/"):
		return arn("kms", c.Region, c.Account.ID, key)
	}
	return arn("kms", c.Region, c.Account.ID, "key/"+key)
}
