package marketplace

import (
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/sts"
)

// ingester is the service that takes an access role.
const ingester = "assets.marketplace.amazonaws.com"

// ingestion are the permissions that it needs: those of the managed policy
// AWSMarketplaceAmiIngestion.
var ingestion = []string{
	"ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DescribeSnapshotAttribute", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute",
}

// checkAsset holds the image of a new version against what it says of it, and
// against the product.
func (m *Marketplace) checkAsset(tx *cloud.Tx, account string, c Change, p Product) (wrong found) {
	d := parse[addDetails](c)
	src := d.source()
	im, problem := ownImage(tx, account, src.AmiID)
	if problem != nil {
		return found{*problem}
	}
	if problem := m.access(tx, account, im, src.AccessRoleArn); problem != nil {
		return found{*problem}
	}
	if im.ProductCode != "" {
		wrong.add(codeProductCode, "AMI %s has the product code %s already.", im.ID, im.ProductCode)
	}
	if len(im.Name) > maxName {
		wrong.add(codeAMIName, "The name of AMI %s is longer than %d characters.", im.ID, maxName)
	}
	if src.OperatingSystemName == "WINDOWS" {
		wrong.add(codeSystem, "AMI %s is of platform Linux/UNIX, not of the operating system %s.", im.ID, src.OperatingSystemName)
	}
	if !strings.ContainsAny(src.OperatingSystemVersion, "0123456789") {
		wrong.add(codeSystemVersion, "'%s' is no version of operating system %s.", src.OperatingSystemVersion, src.OperatingSystemName)
	}
	return append(wrong, checkMachine(im, p, *d.option().RecommendedInstanceType)...)
}

// maxName leaves space for what Marketplace adds to the name of its own
// image. That AWS has such a limit, and which, is not documented [?].
const maxName = 91

// checkMachine is about what the image runs on.
func checkMachine(im ec2.Image, p Product, instanceType string) (wrong found) {
	if im.Virtualization() != "hvm" {
		wrong.add(codeVirtualization, "AMI %s has the virtualization type %s. Only hvm is supported.", im.ID, im.Virtualization())
	}
	if im.Arch != "x86_64" && im.Arch != "arm64" {
		wrong.add(codeArchitecture, "AMI %s has the architecture %s. Only 64-bit architectures are supported.", im.ID, im.Arch)
		return wrong
	}
	if p.Arch != "" && p.Arch != im.Arch {
		wrong.add(codeArchitecture, "AMI %s has the architecture %s, the other versions of product %s have %s.", im.ID, im.Arch, p.ID, p.Arch)
		return wrong
	}
	if bad := checkType(instanceType, im.Arch); len(bad) > 0 {
		return append(wrong, bad...)
	}
	if !im.ENA && ec2.NeedsENA(instanceType) {
		wrong.add(codeIncompatible, "AMI %s has no support of ENA, which instance type %s needs.", im.ID, instanceType)
	}
	return wrong
}

// checkType is about an instance type for images of an architecture.
func checkType(name, arch string) (wrong found) {
	have, known := ec2.ArchOfType(name)
	switch {
	case !known:
		wrong.add(codeTypeNotAvailable, "Instance type %s is not available.", name)
	case have != arch:
		wrong.add(codeIncompatible, "Instance type %s has the architecture %s, the AMI has %s.", name, have, arch)
	}
	return wrong
}

// ownImage finds the seller's image, which has to be where the Catalog is.
func ownImage(tx *cloud.Tx, account, id string) (ec2.Image, *Problem) {
	im, seen := ec2.FindImage(tx, home, account, id)
	switch {
	case !seen || im.Owner != account:
		return im, &Problem{Code: codeAssetMissing, Message: "AMI " + id + " was not found in " + home + " in account " + account + "."}
	case im.State(tx.Now) != "available":
		return im, &Problem{Code: codeAssetMissing, Message: "AMI " + id + " is not available: its state is " + im.State(tx.Now) + "."}
	}
	return im, nil
}

// access finds out whether Marketplace gets at the image and its snapshots.
func (m *Marketplace) access(tx *cloud.Tx, account string, im ec2.Image, role string) *Problem {
	for _, id := range im.Snapshots() {
		s, there := ec2.Snapshots.Get(tx, home, id)
		switch {
		case !there:
			return &Problem{Code: codeAssetMissing, Message: "Snapshot " + id + " of AMI " + im.ID + " was not found."}
		case s.Encrypted:
			return &Problem{Code: codeAssetAccess, Message: "Snapshot " + id + " of AMI " + im.ID + " is encrypted and cannot be copied."}
		}
	}
	problem := roleProblem(tx, account, im, role)
	if problem == nil || m.set.Ingestion == RoleOrShare && shared(tx, im) {
		return nil
	}
	return problem
}

// roleProblem is why the image cannot be taken by way of the role.
func roleProblem(tx *cloud.Tx, account string, im ec2.Image, arn string) *Problem {
	r, there := sts.FindRole(tx, arn)
	switch {
	case !there || r.Account != account:
		return &Problem{Code: codeAssetAccess, Message: "AWS Marketplace could not access AMI " + im.ID + ": the access role " + arn + " is none of account " + account + "."}
	case !slices.Contains(r.Trusted, ingester):
		return &Problem{Code: codeAssetAccess, Message: "AWS Marketplace could not access AMI " + im.ID + ": the access role " + arn + " does not trust " + ingester + "."}
	}
	for _, action := range ingestion {
		if r.Lacks(action, "*") {
			return &Problem{Code: codeAssetMissing, Message: "AWS Marketplace could not share AMI " + im.ID + ": the access role " + arn + " lacks the permission " + action + "."}
		}
	}
	return nil
}

// shared reports whether image and snapshots are shared with Marketplace's account.
func shared(tx *cloud.Tx, im ec2.Image) bool {
	if !slices.Contains(im.Users, ec2.Marketplace) {
		return false
	}
	return !slices.ContainsFunc(im.Snapshots(), func(id string) bool {
		s, _ := ec2.Snapshots.Get(tx, home, id)
		return !slices.Contains(s.Users, ec2.Marketplace)
	})
}
