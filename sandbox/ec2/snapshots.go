package ec2

import (
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Snapshot is a frozen disk: a stack of the machine driver's layers.
type Snapshot struct {
	ID, Owner, Description string
	Volume                 string   // the volume it was made of
	Size                   int      // GiB
	Bytes                  int64    `json:",omitempty"` // what the newest layer takes
	Layers                 []string // lowest first
	Started, Due           time.Time
	Seen                   time.Time `json:",omitzero"` // no client sees it until then
	Gone                   time.Time `json:",omitzero"` // no client sees it from then on
	Ready                  bool      // its layer is there
	Failed                 string    `json:",omitempty"`
	Copy                   bool      `json:",omitempty"` // made by CopySnapshot or CopyImage
	Minutes                int       `json:",omitempty"` // of a time-based copy
	Encrypted              bool      `json:",omitempty"`
	KMSKey                 string    `json:",omitempty"`
	Public                 bool      `json:",omitempty"`
	Users                  []string  `json:",omitempty"` // accounts that may create volumes, sorted
	ProductCode            string    `json:",omitempty"`
}

// Snapshots by id, in partition region.
var Snapshots = cloud.NewTable[Snapshot]("ec2.snapshots")

// snapshotIndex knows snapshots by their owner, their volume and the like, and by each of
// their layers. A copy says when it will be done.
var snapshotIndex = cloud.NewIndex(Snapshots, func(_ string, s Snapshot) []string {
	words := append(usedBy(s.Users, nil), wordOwner+s.Owner, wordVolume+s.Volume)
	if s.Public {
		words = append(words, wordPublic)
	}
	if s.Copy {
		words = append(words, copyWord(s.Owner, s.Due))
	}
	for _, l := range s.Layers {
		words = append(words, wordLayer+l)
	}
	return words
})

const (
	wordVolume = "volume "
	wordLayer  = "layer "
	wordCopy   = "copy of "
)

// snapshotWords are the filters of snapshots that the index answers.
var snapshotWords = map[string]string{"owner-id": wordOwner, "volume-id": wordVolume}

// copyWord is what an account's copy says: those that are done later come later.
func copyWord(owner string, due time.Time) string {
	return wordCopy + owner + " " + due.UTC().Format("2006-01-02T15:04:05.000000000")
}

func (s Snapshot) state(now time.Time) string {
	switch {
	case now.Before(s.Due):
		return "pending"
	case s.Failed != "":
		return "error"
	case !s.Ready:
		return "pending"
	}
	return "completed"
}

// progress grows with the time since the snapshot was begun.
func (s Snapshot) progress(now time.Time) int {
	if s.state(now) == "completed" {
		return 100
	}
	whole := s.Due.Sub(s.Started)
	if whole <= 0 {
		return 99
	}
	return min(99, int(100*now.Sub(s.Started)/whole))
}

func (s Snapshot) visible(tx *cloud.Tx, region, account string) bool {
	return !tx.Now.Before(s.Seen) && !passed(s.Gone, tx.Now) && (s.Owner == account || slices.Contains(s.Users, account) || s.public(tx, region))
}

// public reports whether every account may use the snapshot: its owner's block of all sharing
// leaves the permission as it is, and treats the snapshot as private
// (docs/reference/aws.md#block-public-access).
func (s Snapshot) public(tx *cloud.Tx, region string) bool {
	owner, _ := regionStates.Get(tx, region, s.Owner)
	return s.Public && owner.SnapshotBlock != blockAllSharing
}

func findSnapshot(tx *cloud.Tx, region, account, id string) (Snapshot, bool) {
	s, found := Snapshots.Get(tx, region, id)
	if !found || !s.visible(tx, region, account) {
		return Snapshot{}, false
	}
	return s, true
}

func seenSnapshot(c *wire.Call, id string) (Snapshot, error) {
	if id == "" {
		return Snapshot{}, missingParameter("SnapshotId")
	}
	if err := checkID("snap", id, "InvalidSnapshotID.Malformed"); err != nil {
		return Snapshot{}, err
	}
	s, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id)
	if !found {
		return Snapshot{}, snapshotNotFound(id)
	}
	return s, nil
}

func ownSnapshot(c *wire.Call, id string) (Snapshot, error) {
	s, err := seenSnapshot(c, id)
	if err == nil && s.Owner != c.Account.ID {
		err = &wire.Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation.", Status: 403}
	}
	return s, err
}

func putSnapshot(c *wire.Call, s Snapshot) { Snapshots.Put(c.Tx, c.Region, s.ID, s) }

type deleteSnapshotIn struct {
	dry
	SnapshotID string `wire:"SnapshotId"`
}

func (o snapshotOps) deleteSnapshot(c *wire.Call, in *deleteSnapshotIn) (*done, error) {
	s, err := ownSnapshot(c, in.SnapshotID)
	if err != nil {
		return nil, err
	}
	if user, used := imageUsing(c.Tx, c.Region, s.ID, ""); used {
		return nil, wire.Errorf("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", s.ID, user)
	}
	o.dropSnapshot(c, s)
	return ok()
}

// dropSnapshot deletes s, and its layer if nothing else is built on it.
func (k core) dropSnapshot(c *wire.Call, s Snapshot) {
	Snapshots.Delete(c.Tx, c.Region, s.ID)
	dropTags(c.Tx, c.Region, s.Owner, s.ID)
	if len(s.Layers) > 0 && !isBase(s.Layers[len(s.Layers)-1]) {
		c.After(k.prune)
	}
}

// isBase reports whether a layer is an operating system, which the driver
// keeps by itself.
func isBase(layer string) bool { return strings.HasPrefix(layer, "base/") }

// imageUsing returns an image, other than except, that uses the snapshot. One
// in the Recycle Bin still does.
func imageUsing(tx *cloud.Tx, region, snapshot, except string) (string, bool) {
	for id, im := range imageIndex.All(tx, region, wordSnapshot+snapshot) {
		if id != except && !im.gone(tx.Now) {
			return id, true
		}
	}
	return "", false
}

// prune lets the driver delete the layers that nothing refers to. It holds
// the store meanwhile, so that no new reference can appear.
func (k core) prune() {
	if k.driver == nil {
		return
	}
	_ = k.store.View(func(tx *cloud.Tx) error {
		running := layersOfInstances(tx)
		return k.driver.Prune(func(layer string) bool { return running[layer] || inSnapshots(tx, layer) })
	})
}

// ownLayers reports whether each layer is a base's, or that of a snapshot that is still there: a
// layer has the id of the snapshot that it was made for. Then there is nothing to prune.
func ownLayers(tx *cloud.Tx, layers []string) bool {
	regions := Snapshots.Parts(tx)
	return !slices.ContainsFunc(layers, func(layer string) bool {
		return !isBase(layer) && !slices.ContainsFunc(regions, func(region string) bool {
			_, found := Snapshots.Get(tx, region, layer)
			return found
		})
	})
}

// inSnapshots reports whether a snapshot of any region has the layer.
func inSnapshots(tx *cloud.Tx, layer string) bool {
	return slices.ContainsFunc(Snapshots.Parts(tx), func(region string) bool {
		return snapshotIndex.Count(tx, region, wordLayer+layer) > 0
	})
}

func layersOfInstances(tx *cloud.Tx) map[string]bool {
	keep := map[string]bool{}
	for _, region := range Instances.Parts(tx) {
		for _, in := range Instances.All(tx, region) {
			if in.State == stateTerminated {
				continue
			}
			for _, l := range in.Layers {
				keep[l] = true
			}
		}
	}
	return keep
}
