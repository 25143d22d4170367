package ec2

import (
	"cmp"
	"iter"
	"slices"
	"strconv"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type describeSnapshotsIn struct {
	dry
	paging
	Owners       []string `wire:"Owner"`
	RestorableBy []string
	SnapshotIDs  []string `wire:"SnapshotId"`
	Filters      []filter `wire:"Filter"`
}

type xmlSnapshot struct {
	OwnerAlias       string            `xml:"ownerAlias,omitempty"`
	Tags             wire.List[xmlTag] `xml:"tagSet,omitempty"`
	StorageTier      string            `xml:"storageTier"`
	TransferType     string            `xml:"transferType,omitempty"`
	CompletionMins   int               `xml:"completionDurationMinutes,omitempty"`
	CompletionTime   wire.Time         `xml:"completionTime"`
	FullSize         int64             `xml:"fullSnapshotSizeInBytes,omitempty"`
	SnapshotID       string            `xml:"snapshotId"`
	VolumeID         string            `xml:"volumeId"`
	Status           string            `xml:"status"`
	StatusMessage    string            `xml:"statusMessage,omitempty"`
	StartTime        wire.Time         `xml:"startTime"`
	Progress         string            `xml:"progress"`
	OwnerID          string            `xml:"ownerId"`
	Description      string            `xml:"description"`
	VolumeSize       int               `xml:"volumeSize"`
	Encrypted        bool              `xml:"encrypted"`
	KMSKey           string            `xml:"kmsKeyId,omitempty"`
	DataEncryptionID string            `xml:"dataEncryptionKeyId,omitempty"`
	SSEType          string            `xml:"sseType,omitempty"`
}

type describeSnapshotsOut struct {
	NextToken string                 `xml:"nextToken,omitempty"`
	Snapshots wire.List[xmlSnapshot] `xml:"snapshotSet"`
}

// snapshotView is a snapshot as one account sees it.
type snapshotView struct {
	Snapshot
	xml  xmlSnapshot
	tags map[string]string
}

var snapshotFilters = filters[snapshotView]{
	by: map[string]func(snapshotView) []string{
		"description":   func(s snapshotView) []string { return one(s.Description) },
		"encrypted":     func(s snapshotView) []string { return flag(s.Encrypted) },
		"owner-alias":   func(s snapshotView) []string { return one(s.xml.OwnerAlias) },
		"owner-id":      func(s snapshotView) []string { return one(s.Owner) },
		"progress":      func(s snapshotView) []string { return one(s.xml.Progress) },
		"snapshot-id":   func(s snapshotView) []string { return one(s.ID) },
		"start-time":    func(s snapshotView) []string { return one(wire.FormatTime(s.Started)) },
		"status":        func(s snapshotView) []string { return one(s.xml.Status) },
		"storage-tier":  func(s snapshotView) []string { return one(s.xml.StorageTier) },
		"transfer-type": func(s snapshotView) []string { return one(s.xml.TransferType) },
		"volume-id":     func(s snapshotView) []string { return one(s.Volume) },
		"volume-size":   func(s snapshotView) []string { return one(strconv.Itoa(s.Size)) },
	},
	tags: func(s snapshotView) map[string]string { return s.tags },
}

func (o snapshotOps) describeSnapshots(c *wire.Call, in *describeSnapshotsIn) (*describeSnapshotsOut, error) {
	matches, wrong := snapshotFilters.matcher(in.Filters)
	ids, err := snapshotIDs(c, in)
	if err := cmp.Or(err, checkOwners(c, in.Owners, "self"), checkOwners(c, in.RestorableBy, "self", "all"), wrong); err != nil {
		return nil, err
	}
	views, next, err := pageFrom(c, in.paging, 5, func(last string) iter.Seq[snapshotView] {
		return func(yield func(snapshotView) bool) {
			for id := range ids(last) {
				s, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id)
				if !found || !ownedBy(c, s.Owner, in.Owners) || !restorableBy(c, s, in.RestorableBy) {
					continue
				}
				tags := TagsOf(c.Tx, c.Region, c.Account.ID, s.ID)
				if v := (snapshotView{s, snapshotXML(c, s, tags), tags}); matches(v) && !yield(v) {
					return
				}
			}
		}
	}, func(s snapshotView) string { return s.ID })
	out := &describeSnapshotsOut{NextToken: next, Snapshots: wire.List[xmlSnapshot]{}}
	for _, v := range views {
		out.Snapshots = append(out.Snapshots, v.xml)
	}
	return out, err
}

// snapshotIDs are those of the snapshots that the request names, or of those that it may mean,
// from one on.
func snapshotIDs(c *wire.Call, in *describeSnapshotsIn) (func(first string) iter.Seq[string], error) {
	if len(in.SnapshotIDs) > 0 {
		ids, err := named(in.SnapshotIDs, snapshotNotFound, func(id string) (string, bool, error) {
			_, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id)
			return id, found, checkID("snap", id, "InvalidSnapshotID.Malformed")
		})
		return func(string) iter.Seq[string] { return slices.Values(ids) }, err
	}
	ways := waysOf(c, snapshotIndex, snapshotWords, "snapshot", in.Filters)
	if len(in.Owners) > 0 {
		ways = append(ways, saying(c, snapshotIndex, ownerWords(c, in.Owners)...))
	}
	if len(in.RestorableBy) > 0 {
		ways = append(ways, saying(c, snapshotIndex, userWords(c, in.RestorableBy, wordUser+c.Account.ID, wordOwner+c.Account.ID)...))
	}
	return narrowest(saying(c, snapshotIndex, seenBy(c)...), ways...).ids, nil
}

// ownedBy reports whether owner is one of the Owner.N of a request: account
// ids, self, or an alias like amazon.
func ownedBy(c *wire.Call, owner string, asked []string) bool {
	if len(asked) == 0 {
		return true
	}
	return slices.ContainsFunc(asked, func(a string) bool {
		return a == owner || (a == "self" && owner == c.Account.ID) || (a != "" && a == aliasOf(c.Tx, owner))
	})
}

// ownerWords are the words of those that ownedBy takes.
func ownerWords(c *wire.Call, asked []string) []string {
	var words []string
	for _, a := range asked {
		if a == "self" {
			a = c.Account.ID
		}
		words = append(words, wordOwner+a)
		for id, account := range cloud.Accounts.All(c.Tx, "") {
			if account.Alias == a && a != "" {
				words = append(words, wordOwner+id)
			}
		}
	}
	return words
}

// userWords are the words of those that executableBy and restorableBy take; self are those of
// what the caller itself may use.
func userWords(c *wire.Call, asked []string, self ...string) []string {
	var words []string
	for _, a := range asked {
		switch a {
		case "all":
			words = append(words, wordPublic)
		case "self", c.Account.ID:
			words = append(words, self...)
		default:
			words = append(words, wordUser+a)
		}
	}
	return words
}

// checkOwners refuses what can't be an account: an id, an alias of one, or one of words.
func checkOwners(c *wire.Call, asked []string, words ...string) error {
	for _, a := range asked {
		if !accountForm.MatchString(a) && !slices.Contains(words, a) && !slices.Contains(ownerAliases, a) && !isAlias(c.Tx, a) {
			return wire.Errorf("InvalidUserID.Malformed", "Invalid user id: \"%s\"", a)
		}
	}
	return nil
}

// ownerAliases are those that AWS has, whether or not the sandbox has such an account.
var ownerAliases = []string{"amazon", "aws-backup-vault", "aws-marketplace"}

func isAlias(tx *cloud.Tx, alias string) bool {
	for _, a := range cloud.Accounts.All(tx, "") {
		if a.Alias == alias && alias != "" {
			return true
		}
	}
	return false
}

func aliasOf(tx *cloud.Tx, account string) string {
	a, _ := cloud.Accounts.Get(tx, "", account)
	return a.Alias
}

// restorableBy: an account that is not the caller's selects the caller's own
// snapshots shared with exactly that account
// (docs/reference/aws.md#permissions-of-many-images-in-one-call).
func restorableBy(c *wire.Call, s Snapshot, asked []string) bool {
	if len(asked) == 0 {
		return true
	}
	return slices.ContainsFunc(asked, func(a string) bool {
		switch {
		case a == "all":
			return s.Public
		case a == "self" || a == c.Account.ID:
			return s.Owner == c.Account.ID || slices.Contains(s.Users, c.Account.ID)
		}
		return s.Owner == c.Account.ID && slices.Contains(s.Users, a)
	})
}

func snapshotXML(c *wire.Call, s Snapshot, tags map[string]string) xmlSnapshot {
	x := xmlSnapshot{
		OwnerAlias: aliasOf(c.Tx, s.Owner), Tags: tagList(tags), StorageTier: "standard",
		SnapshotID: s.ID, VolumeID: s.Volume, Status: s.state(c.Now), StatusMessage: s.Failed,
		StartTime: wire.Time(s.Started), Progress: strconv.Itoa(s.progress(c.Now)) + "%", OwnerID: s.Owner,
		Description: s.Description, VolumeSize: s.Size, Encrypted: s.Encrypted,
		CompletionMins: s.Minutes, FullSize: s.Bytes,
	}
	if s.Copy {
		x.TransferType = "standard"
		if s.Minutes > 0 {
			x.TransferType = "time-based"
		}
	}
	if x.Status == "completed" {
		x.CompletionTime = wire.Time(s.Due)
	}
	if s.Encrypted {
		x.KMSKey, x.SSEType = s.KMSKey, "sse-kms"
		x.DataEncryptionID = derivedID("dek", s.ID)
	}
	return x
}
