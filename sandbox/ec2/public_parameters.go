package ec2

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// PublicParameter is an SSM parameter by which a distribution names its newest image.
type PublicParameter struct {
	Name, Image string
	At          time.Time
}

var (
	debianName = regexp.MustCompile(`^debian-(\d+)-(amd64|arm64)-`)
	ubuntuName = regexp.MustCompile(`^ubuntu/images/hvm-ssd(-gp3)?/ubuntu-([a-z]+)-([\d.]+)-(amd64|arm64)-server-`)
)

// PublicParameters are those of Debian and Canonical in a region, sorted: as
// https://wiki.debian.org/Cloud/AmazonEC2Image and
// https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/ have them.
func PublicParameters(tx *cloud.Tx, region string) []PublicParameter {
	newest := map[string]PublicParameter{}
	makers := []string{Debian, Canonical, canonicals[cloud.PartitionOf(region)]}
	for i, owner := range makers {
		makers[i] = wordPublicOf + owner
	}
	for id, im := range imageIndex.All(tx, region, makers...) {
		for _, name := range im.parameters() {
			if newest[name].At.Before(im.Created) {
				newest[name] = PublicParameter{name, id, im.Created}
			}
		}
	}
	return slices.SortedFunc(maps.Values(newest), func(x, y PublicParameter) int { return strings.Compare(x.Name, y.Name) })
}

// parameters are the parameters that name an image, by the form of its own name.
func (im Image) parameters() []string {
	if m := debianName.FindStringSubmatch(im.Name); m != nil {
		return []string{"/aws/service/debian/release/" + m[1] + "/latest/" + m[2]}
	}
	m := ubuntuName.FindStringSubmatch(im.Name)
	if m == nil {
		return nil
	}
	volume := "gp2"
	if m[1] != "" {
		volume = "gp3"
	}
	var out []string
	for _, release := range m[2:4] {
		out = append(out, "/aws/service/canonical/ubuntu/server/"+release+"/stable/current/"+m[4]+"/hvm/ebs-"+volume+"/ami-id")
	}
	return out
}

const resolveSSM = "resolve:ssm:"

var amiForm = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)

// resolved is the id of the image that a launch names: itself, or by a parameter. What EC2
// answers when there is none is not documented [?].
func (o instanceOps) resolved(c *wire.Call, image string) (string, error) {
	ref, named := strings.CutPrefix(image, resolveSSM)
	if !named {
		return image, nil
	}
	if c.Lacks("ssm:GetParameters", c.Account.Partition.ParameterARN(c.Region, c.Account.ID, ref)) {
		return "", wire.Errorf("UnauthorizedOperation", "You are not authorized to perform: ssm:GetParameters on resource: %s", ref)
	}
	value := ""
	var err error
	if o.resolve != nil {
		value, err = o.resolve(c, ref)
	}
	if err != nil || !amiForm.MatchString(value) {
		return "", wire.Errorf("InvalidParameterValue", "Invalid value '%s' for imageId. The parameter could not be resolved to the ID of an AMI.", image)
	}
	return value, nil
}
