package scenarios

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// refusing is an account that enforces IMDSv2 and blocks public snapshots, with a base that
// has a product code. Of the catalog's instance types and subnets, the first zone does not
// offer the first type, the second has no capacity for it, and the first none for the second
// type either.
const refusing = `ec2:
  - {account: vendor, region: us-east-1, http_tokens_enforced: true, images: [{name: "base 12", created: 3d, product_code: 0123456789abcdefghijklmno}]}
  - {account: vendor, region: eu-west-1, snapshot_block_public_access: block-all-sharing}
settings:
  ec2: {not_offered: ["us-east-1a/m5.large"], no_capacity: ["us-east-1b/m5.large", "us-east-1a/m7i.large"]}
`

const (
	soldBase = `base: {owner: "123456789012", name: "base *", user: admin}`
	goodBase = `base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}`
)

// Regions that the account can't have: one of another partition, and one that does not exist.
const abroad, nowhere = "cn-north-1", "eu-wset-1"

// refusedBundle is the example from that base, in a region of another partition as well.
func refusedBundle(t *testing.T) string {
	t.Helper()
	file := inRegions(t, "us-east-1, eu-west-1, "+abroad, "")
	replaceIn(t, file, goodBase, soldBase)
	replaceIn(t, file, "  disk: {size: 10, type: gp3}", "  disk: {size: 10, type: gp3}\n  instance: {amd64: [m5.large, m7i.large]}")
	// Packer retries what AWS has no capacity for; a minute long, if it is let.
	replaceIn(t, filepath.Join(filepath.Dir(file), "packer", "image.pkr.hcl"), "  ssh_timeout ", "  max_retries = 3\n  ssh_timeout ")
	return file
}

// namesSubnets has builds run in the default subnets of two zones.
func namesSubnets(s *sufferer) {
	s.t.Helper()
	var ids []string
	for _, zone := range []string{"us-east-1a", "us-east-1b"} {
		ids = append(ids, strings.TrimSpace(awsCLI(s.t, s.env(s.t, "vendor", ""), "ec2", "describe-subnets", "--region", "us-east-1",
			"--filters", "Name=availability-zone,Values="+zone, "--query", "Subnets[0].SubnetId", "--output", "text")))
	}
	replaceIn(s.t, s.file, "  instance: {", "  subnet: ["+strings.Join(ids, ", ")+"]\n  instance: {")
}

// isAbroad reports whether a run was refused for a region of another partition.
func (u utterance) isAbroad() bool {
	return u.code == 10 && strings.Contains(u.out, abroad+" is in AWS's partition")
}

// typed are the commands of remedies that the operator types.
var typed = regexp.MustCompile(`aws (ec2 (?:modify-instance-metadata-defaults|disable-image-deregistration-protection) --region \S+ (?:--http-tokens required|--image-id \S+))`)

// refusals has the operator do what blockers say about what AWS refuses: type a command, or
// name another base, or leave a region out.
func (s *sufferer) refusals(out string) {
	s.t.Helper()
	s.calm()
	for _, m := range typed.FindAllStringSubmatch(out, -1) {
		awsCLI(s.t, s.env(s.t, "vendor", ""), strings.Fields(m[1])...)
	}
	if strings.Contains(out, "BLOCKED  base/") {
		writeFile(s.t, s.file, strings.Replace(readFile(s.t, s.file), soldBase, goodBase, 1))
	}
	if strings.Contains(out, nowhere+" is no region") {
		replaceIn(s.t, s.file, ", "+nowhere, "")
	}
}

// ownImages are the ids of the vendor's AMIs of a name in a region.
func (s *sufferer) ownImages(region, name string) []string {
	s.t.Helper()
	return strings.Fields(awsCLI(s.t, s.env(s.t, "vendor", ""), "ec2", "describe-images", "--region", region, "--owners", "self",
		"--filters", "Name=name,Values="+name, "--query", "Images[].ImageId", "--output", "text"))
}

// protects has AWS refuse to deregister the candidate, and an old AMI.
func protects(s *sufferer) {
	s.t.Helper()
	for _, id := range s.ownImages("us-east-1", "amiship-prometheus-*") {
		awsCLI(s.t, s.env(s.t, "vendor", ""), "ec2", "enable-image-deregistration-protection", "--region", "us-east-1", "--image-id", id)
	}
	for _, id := range s.ownImages("eu-west-1", "Prometheus 2.40.0") {
		awsCLI(s.t, s.env(s.t, "vendor", ""), "ec2", "enable-image-deregistration-protection", "--region", "eu-west-1", "--image-id", id, "--with-cooldown")
	}
}

// unprotects ends the old AMI's protection: AWS lets it be deregistered a day later.
func unprotects(s *sufferer) {
	s.t.Helper()
	for _, id := range s.ownImages("eu-west-1", "Prometheus 2.40.0") {
		awsCLI(s.t, s.env(s.t, "vendor", ""), "ec2", "disable-image-deregistration-protection", "--region", "eu-west-1", "--image-id", id)
	}
}

// patchesBundle is a listing of all versions, with a package of each. An older release is
// waited for longer than a seed takes.
func patchesBundle(t *testing.T) string {
	t.Helper()
	file := listedBundle(t, "    only: all\n    wait_for_older: 9000h\n    retries: 3\n")
	servesVersions(t, file, "2.42.0", "2.41.9", "2.41.10")
	return file
}
