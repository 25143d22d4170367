package ec2

import (
	"cmp"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/machine"
)

// Owners of the base images.
const (
	Canonical = "099720109477"
	Debian    = "136693071363"
)

// baseImage is how a distribution publishes one of our bases.
type baseImage struct {
	base       string // layer without its architecture
	owner      string
	name       string // {arch} is amd64 or arm64
	rootDevice string
	size       int
	volume     string
}

var baseImages = []baseImage{
	{"base/ubuntu-22.04", Canonical, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{arch}-server-20261101", "/dev/sda1", 8, "gp2"},
	{"base/ubuntu-24.04", Canonical, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-20261104", "/dev/sda1", 8, "gp3"},
	{"base/debian-12", Debian, "debian-12-{arch}-20261108-2290", "/dev/xvda", 8, "gp3"},
	{"base/debian-13", Debian, "debian-13-{arch}-20261116-2301", "/dev/xvda", 8, "gp3"},
}

// Seed publishes the bases as their distributions do: public images of
// Canonical and Debian in every region. What is there already stays.
func Seed(tx *cloud.Tx, all []machine.Base) {
	for _, b := range all {
		bases.Put(tx, "", b.Layer, b)
		for _, bi := range baseImages {
			if bi.base+"/"+b.Arch == b.Layer {
				bi.publish(tx, b)
			}
		}
	}
	for id, name := range map[string]string{Canonical: "canonical", Debian: "debian"} {
		putOwner(tx, cloud.Account{ID: id, Name: name})
	}
	for partition, id := range canonicals {
		putOwner(tx, cloud.Account{ID: id, Name: "canonical-" + partition.String(), Partition: partition})
	}
}

func putOwner(tx *cloud.Tx, a cloud.Account) {
	if _, found := cloud.Accounts.Get(tx, "", a.ID); !found {
		a.Alias = "amazon"
		cloud.Accounts.Put(tx, "", a.ID, a)
	}
}

// canonicals are Canonical's accounts in the partitions for which it documents one.
var canonicals = map[cloud.Partition]string{"aws-us-gov": "513442679011", "aws-cn": "837727238323"}

// ownerIn is the account that publishes the image in a partition. Where none is
// documented, it is the one of the commercial partition [?].
func (bi baseImage) ownerIn(p cloud.Partition) string {
	if bi.owner == Canonical {
		return cmp.Or(canonicals[p], bi.owner)
	}
	return bi.owner
}

// publish puts the image into every region. Its ids follow from owner, name and
// region, so that they are the same in every sandbox and seeding twice changes nothing.
func (bi baseImage) publish(tx *cloud.Tx, b machine.Base) {
	name := strings.ReplaceAll(bi.name, "{arch}", b.Arch)
	created := publishedOn(name)
	for _, r := range regionList {
		owner := bi.ownerIn(cloud.PartitionOf(r.name))
		im := Image{
			ID: derivedID("ami", owner, name, r.name), Owner: owner, Name: name, Description: b.Description,
			Arch: ec2Arch(b.Arch), Created: created, Due: created, Ready: true, RootDevice: bi.rootDevice, Public: true, ENA: true,
			SRIOV: "simple", FreeTier: true, BootMode: "uefi-preferred",
		}
		if b.Arch == "arm64" {
			im.BootMode = "uefi"
		}
		s := Snapshot{
			ID: derivedID("snap", owner, name, r.name), Owner: owner, Volume: "vol-ffffffff", Size: bi.size,
			Layers: []string{b.Layer}, Started: created, Due: created, Ready: true, Public: true,
			Description: "Created by CreateImage for " + im.ID,
		}
		m, _ := Mapping{Device: bi.rootDevice, Snapshot: s.ID, Size: bi.size, Type: bi.volume}.complete()
		im.Mappings = []Mapping{m}
		if old, found := Images.Get(tx, r.name, im.ID); !found || old.Description != im.Description {
			Snapshots.Put(tx, r.name, s.ID, s)
			Images.Put(tx, r.name, im.ID, im)
		}
	}
}

// publishedOn reads the date in the names of base images.
func publishedOn(name string) time.Time {
	for part := range strings.SplitSeq(name, "-") {
		if t, err := time.Parse("20060102", part); err == nil {
			return t.Add(6 * time.Hour)
		}
	}
	return time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
}

func ec2Arch(arch string) string {
	if arch == "amd64" {
		return "x86_64"
	}
	return arch
}
