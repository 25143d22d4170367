package ec2

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/sandbox/cloud"
)

// World is the ec2 section of a world file: what is there before the first
// call. Each entry holds for one account in some regions; later entries add to
// earlier ones.
type World []Place

// Place is what one account has in some regions.
type Place struct {
	Account string   `yaml:"account"` // name or id
	Region  string   `yaml:"region"`
	Regions []string `yaml:"regions"` // neither: all of them

	Disabled          bool `yaml:"disabled"` // regions that the account has not switched on
	NoDefaultVPC      bool `yaml:"no_default_vpc"`
	PrivateSubnets    bool `yaml:"private_subnets"` // subnets map no public addresses to new instances
	BlockPublicAccess bool `yaml:"block_public_access"`
	// SnapshotBlock is block-all-sharing or block-new-sharing.
	SnapshotBlock       string `yaml:"snapshot_block_public_access"`
	EncryptionByDefault bool   `yaml:"encryption_by_default"`
	RecycleBin          Age    `yaml:"recycle_bin"`          // how long deregistered images are kept
	HTTPTokens          string `yaml:"http_tokens"`          // the account's default: required or optional; none when empty
	HTTPTokensEnforced  bool   `yaml:"http_tokens_enforced"` // launches whose tokens are optional are refused

	AllowedImages AllowedImages `yaml:"allowed_images"`
	// KMSKeys are customer managed keys, by id or alias/name. A copy with any other fails, and so does a launch.
	KMSKeys []string `yaml:"kms_keys"`

	Images []WorldImage `yaml:"images"`
}

// WorldImage is an own image, or Count of them.
type WorldImage struct {
	Name         string            `yaml:"name"`  // with Count, {n} or -n at the end is the number
	Count        int               `yaml:"count"` // 1 when zero
	Description  string            `yaml:"description"`
	Arch         string            `yaml:"arch"`  // amd64 or arm64; amd64 when empty
	Layer        string            `yaml:"layer"` // base/ubuntu-22.04/<arch> when empty
	Size         int               `yaml:"size"`  // GiB; 8 when zero
	Tags         map[string]string `yaml:"tags"`  // on image and snapshot
	Public       bool              `yaml:"public"`
	SharedWith   []string          `yaml:"shared_with"`   // names or ids
	Created      Age               `yaml:"created"`       // how long ago
	Deprecated   *Age              `yaml:"deprecated"`    // how long ago; negative: in the future
	LastLaunched *Age              `yaml:"last_launched"` // how long ago; absent: never
	Disabled     bool              `yaml:"disabled"`
	Encrypted    bool              `yaml:"encrypted"`
	Pending      bool              `yaml:"pending"` // its copy never ends
	Failed       bool              `yaml:"failed"`
	ProductCode  string            `yaml:"product_code"`
	Paravirtual  bool              `yaml:"paravirtual"`
	NoENA        bool              `yaml:"no_ena"`
	UsedBy       map[string]int    `yaml:"used_by"` // instances of other accounts, by name or id: usage reports count them
}

// Load puts the world into the store.
func Load(tx *cloud.Tx, w World) error {
	var errs []error
	for i, p := range w {
		if err := p.load(tx); err != nil {
			errs = append(errs, fmt.Errorf("ec2, entry %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (p Place) load(tx *cloud.Tx) error {
	account, err := FindAccount(tx, p.Account)
	if err != nil {
		return err
	}
	in, err := p.regions(tx, account)
	if err != nil {
		return err
	}
	if p.SnapshotBlock != "" && !blocksSnapshots(p.SnapshotBlock) {
		return fmt.Errorf("snapshot_block_public_access: %q is neither %s nor %s", p.SnapshotBlock, blockAllSharing, blockNewSharing)
	}
	if !slices.Contains([]string{"", "required", "optional"}, p.HTTPTokens) {
		return fmt.Errorf("http_tokens: %q is neither required nor optional", p.HTTPTokens)
	}
	if err := p.AllowedImages.checkWorld(); err != nil {
		return err
	}
	for _, r := range in {
		s, _ := regionStates.Get(tx, r, account)
		s.Disabled = s.Disabled || p.Disabled
		s.NoDefaultVPC = s.NoDefaultVPC || p.NoDefaultVPC
		if p.PrivateSubnets {
			s.PrivateSubnets = subnetsOf(account, r)
		}
		s.BlockPublic = s.BlockPublic || p.BlockPublicAccess
		s.SnapshotBlock = cmp.Or(p.SnapshotBlock, s.SnapshotBlock)
		s.Encrypt = s.Encrypt || p.EncryptionByDefault
		override(&s.RecycleBin, p.RecycleBin)
		if p.AllowedImages.State != "" {
			s.Allowed = p.AllowedImages.stored()
		}
		s.Keys = append(slices.Clone(s.Keys), p.KMSKeys...)
		s.Metadata.Tokens = cmp.Or(p.HTTPTokens, s.Metadata.Tokens)
		s.Metadata.Enforced = s.Metadata.Enforced || p.HTTPTokensEnforced
		regionStates.Put(tx, r, account, s)
		for _, im := range p.Images {
			if err := im.load(tx, r, account); err != nil {
				return fmt.Errorf("image %q in %s: %w", im.Name, r, err)
			}
		}
	}
	return nil
}

// regions are those that the entry names, or all of its account's partition.
func (p Place) regions(tx *cloud.Tx, account string) ([]string, error) {
	a, _ := cloud.Accounts.Get(tx, "", account)
	in := slices.Clone(p.Regions)
	if p.Region != "" {
		in = append(in, p.Region)
	}
	if len(in) == 0 {
		return Regions(a.Partition), nil
	}
	for _, r := range in {
		if _, known := findRegion(r); !known {
			return nil, fmt.Errorf("%q is no region", r)
		}
		if cloud.PartitionOf(r) != a.Partition {
			return nil, fmt.Errorf("%s is in the partition %s, account %s in %s", r, cloud.PartitionOf(r), account, a.Partition)
		}
	}
	return in, nil
}

// FindAccount takes an account's id or name. An id need not be known: images
// can be shared with accounts outside of the sandbox.
func FindAccount(tx *cloud.Tx, asked string) (string, error) {
	if accountForm.MatchString(asked) {
		return asked, nil
	}
	for id, a := range cloud.Accounts.All(tx, "") {
		if a.Name == asked {
			return id, nil
		}
	}
	return "", fmt.Errorf("there is no account %q", asked)
}

func (w WorldImage) load(tx *cloud.Tx, region, account string) error {
	if len(w.Name) < minImageName || !legalImageName(strings.ReplaceAll(w.Name, "{n}", "1")) {
		return errors.New("the name is not one that EC2 accepts")
	}
	var users []string
	for _, a := range w.SharedWith {
		id, err := FindAccount(tx, a)
		if err != nil {
			return err
		}
		users = with(users, id)
	}
	used := map[string]int{}
	for a, n := range w.UsedBy {
		id, err := FindAccount(tx, a)
		if err != nil || n < 1 {
			return errors.Join(err, fmt.Errorf("used_by: %s: %d", a, n))
		}
		used[id] = n
	}
	for _, name := range Numbered(w.Name, "-", w.Count) {
		w.put(tx, region, account, name, users, used)
	}
	return nil
}

// Numbered returns the names of count things that a world gives one name: {n}
// in it is the number, or else that comes last, after the separator. Without a
// count there is one thing.
func Numbered(name, separator string, count int) []string {
	if !strings.Contains(name, "{n}") && count > 1 {
		name += separator + "{n}"
	}
	var all []string
	for n := range max(1, count) {
		all = append(all, strings.ReplaceAll(name, "{n}", strconv.Itoa(n+1)))
	}
	return all
}

// put stores one image and its snapshot. Ids follow from account, region and
// name: the same world is the same in every run.
func (w WorldImage) put(tx *cloud.Tx, region, account, name string, users []string, used map[string]int) {
	arch := cmp.Or(w.Arch, "amd64")
	layer := cmp.Or(w.Layer, "base/ubuntu-22.04/"+arch)
	size := cmp.Or(w.Size, 8)
	created := tx.Now.Add(-time.Duration(w.Created)).Truncate(time.Second)
	s := Snapshot{
		ID: derivedID("snap", account, region, name), Owner: account, Volume: "vol-ffffffff", Size: size, Layers: []string{layer},
		Started: created, Due: created, Ready: true, Encrypted: w.Encrypted, Users: users, Public: false,
		Description: "Created by CreateImage(i-ffffffff) for " + derivedID("ami", account, region, name), ProductCode: w.ProductCode,
	}
	im := Image{
		ID: derivedID("ami", account, region, name), Owner: account, Name: name, Description: w.Description, Arch: ec2Arch(arch),
		Created: created, Due: created, Ready: true, RootDevice: "/dev/sda1", Public: w.Public, Users: users, ENA: !w.NoENA, Paravirtual: w.Paravirtual,
		Disabled: w.Disabled, ProductCode: w.ProductCode, UsedBy: used, BootMode: "uefi-preferred", SRIOV: "simple",
	}
	w.fate(tx, &im, &s)
	if s.Encrypted {
		s.KMSKey = defaultKeyOf(account, region)
	}
	m, _ := Mapping{Device: "/dev/sda1", Snapshot: s.ID, Size: size, Type: "gp3", Encrypted: s.Encrypted, KMSKey: s.KMSKey}.complete()
	im.Mappings = []Mapping{m}
	Snapshots.Put(tx, region, s.ID, s)
	Images.Put(tx, region, im.ID, im)
	putTags(tx, region, account, "image", im.ID, w.Tags)
	putTags(tx, region, account, "snapshot", s.ID, w.Tags)
}

// fate is what has become of the image since.
func (w WorldImage) fate(tx *cloud.Tx, im *Image, s *Snapshot) {
	if w.Deprecated != nil {
		im.Deprecated = tx.Now.Add(-time.Duration(*w.Deprecated)).Truncate(time.Minute)
	}
	if w.LastLaunched != nil {
		im.Launched = tx.Now.Add(-time.Duration(*w.LastLaunched)).Truncate(time.Second)
	}
	if w.Failed {
		im.Failed, s.Failed = "Client.InternalError: the sandbox's world says so", "the sandbox's world says so"
	}
	if w.Pending {
		never := tx.Now.AddDate(10, 0, 0)
		im.Due, s.Due, s.Copy = never, never, true
	}
}
