package scenarios

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// refusing is an account that enforces IMDSv2 and blocks public snapshots, with a base that
// has a product code, where there is no capacity for the first instance type of the catalog.
const refusing = `ec2:
  - {account: vendor, region: us-east-1, http_tokens_enforced: true, images: [{name: "base 12", created: 3d, product_code: 0123456789abcdefghijklmno}]}
  - {account: vendor, region: eu-west-1, snapshot_block_public_access: block-all-sharing}
settings:
  ec2: {no_capacity: ["*/m5.large"]}
`

const (
	soldBase = `base: {owner: "123456789012", name: "base *", user: admin}`
	goodBase = `base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}`
)

// refusedBundle is the example from that base.
func refusedBundle(t *testing.T) string {
	t.Helper()
	file := twoRegions(t, "")
	replaceIn(t, file, goodBase, soldBase)
	replaceIn(t, file, "  disk: {size: 10, type: gp3}", "  disk: {size: 10, type: gp3}\n  instance: {amd64: [m5.large, m7i.large, t3.medium]}")
	// Packer retries what AWS has no capacity for; a minute long, if it is let.
	replaceIn(t, filepath.Join(filepath.Dir(file), "packer", "image.pkr.hcl"), "  ssh_timeout ", "  max_retries = 3\n  ssh_timeout ")
	return file
}

// typed are the commands of remedies that the operator types.
var typed = regexp.MustCompile(`aws (ec2 (?:modify-instance-metadata-defaults|disable-image-deregistration-protection) --region \S+ (?:--http-tokens required|--image-id \S+))`)

// refusals has the operator do what blockers say about what AWS refuses: type a command, or
// name another base.
func (s *sufferer) refusals(out string) {
	s.t.Helper()
	s.calm()
	for _, m := range typed.FindAllStringSubmatch(out, -1) {
		awsCLI(s.t, s.env(s.t, "vendor", ""), strings.Fields(m[1])...)
	}
	if strings.Contains(out, "BLOCKED  base/") {
		writeFile(s.t, s.file, strings.Replace(readFile(s.t, s.file), soldBase, goodBase, 1))
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
