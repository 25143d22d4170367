package scenarios

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const publicName = "Prometheus 2.42.0"

// aCandidate is the name of one of this release, as its project and variant give it.
const aCandidate = "amiship-prometheus-premium-amd64-v2.42.0-1809f7cd1b0cbe10fb4f-0123456789ab"

// wrecks are what can be wrong with a finished release, and what verify says of
// it: expressions, each of which fits a finding.
func wrecks() map[string]struct {
	do   func(*wrecker)
	want []string
} {
	const public, premium = `eu-west-1 prometheus/amd64: `, `eu-west-1 premium/amd64: `
	return map[string]struct {
		do   func(*wrecker)
		want []string
	}{
		"a private AMI is public": {
			func(w *wrecker) { w.let(w.premium, everybody()) },
			[]string{
				premium + `launch permission: expected 679593333241 684062674729, saw 679593333241 684062674729 all$`,
				premium + `public view: expected nothing, saw ami-`,
			},
		},
		"a private AMI is the customer's": {
			func(w *wrecker) { w.let(w.premium, account("210987654321")) },
			[]string{premium + `launch permission: .* saw 210987654321 679593333241 684062674729`, premium + `public view: expected nothing`},
		},
		"a public AMI is private": {
			func(w *wrecker) { w.shut(w.public, everybody()) },
			[]string{public + `public view: expected ami-\w+, saw nothing`, public + `launch permission: expected 679593333241 all, saw 679593333241$`},
		},
		"a public AMI is only the customer's": {
			func(w *wrecker) {
				w.shut(w.public, everybody())
				w.let(w.public, account("210987654321"))
			},
			[]string{public + `public view: expected public, saw only shared with account 210987654321`},
		},
		"a shared account cannot launch": {
			func(w *wrecker) { w.shut(w.premium, account("684062674729")) },
			[]string{premium + `launch permission: expected 679593333241 684062674729, saw 679593333241$`},
		},
		"a shared account cannot restore": {
			func(w *wrecker) {
				w.restore(w.public, types.CreateVolumePermissionModifications{Remove: []types.CreateVolumePermission{{UserId: aws.String("679593333241")}}})
			},
			[]string{public + `snapshot permission: expected 679593333241 all, saw all`},
		},
		"anybody can restore": {
			func(w *wrecker) {
				w.restore(w.premium, types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{Group: "all"}}})
			},
			[]string{premium + `snapshot permission: .* saw 679593333241 684062674729 all`},
		},
		"a tag of the catalog's is another": {
			func(w *wrecker) { w.tag(w.public, "Product", "Grafana") },
			[]string{public + `tag Product: expected "Prometheus", saw "Grafana"`},
		},
		"a tag of the catalog's is gone": {
			func(w *wrecker) {
				must(w, w.ec2.DeleteTags, &ec2.DeleteTagsInput{Resources: []string{w.public}, Tags: []types.Tag{{Key: aws.String("Release")}}})
			},
			[]string{public + `tag Release: expected "2.42.0", saw no such tag`},
		},
		"a tag of a snapshot is another": {
			func(w *wrecker) { w.tag(w.snapshot(w.public), "Product", "Grafana") },
			[]string{public + `snapshot's tag Product: expected "Prometheus", saw "Grafana" on snap-`},
		},
		"it was not tested": {
			func(w *wrecker) {
				must(w, w.ec2.DeleteTags, &ec2.DeleteTagsInput{Resources: []string{w.public}, Tags: []types.Tag{{Key: aws.String("amiship:tested")}}})
			},
			[]string{public + `boot test: expected that it passed, saw nothing`},
		},
		"it failed its test": {
			func(w *wrecker) { w.tag(w.public, "amiship:tested", "1:failed 0123456789ab no answer") },
			[]string{public + `boot test: expected that it passed, saw failed 0123456789ab no answer`},
		},
		"a version is another": {
			func(w *wrecker) { w.tag(w.public, "amiship:version", "1:2.41.0") },
			[]string{public + `tag amiship:version: expected "1:2.42.0", saw "1:2.41.0"`},
		},
		"one region has another build": {
			func(w *wrecker) { w.tag(w.public, "amiship:inputs", "1:"+strings.Repeat("0123", 16)) },
			[]string{public + `tag amiship:inputs: expected "1:\w+" as in us-east-1, saw "1:(0123){16}"`},
		},
		"an AMI is not the release's": {
			func(w *wrecker) { w.tag(w.public, "amiship:tag", "1:v2.41.0") },
			[]string{public + `missing: expected an AMI "Prometheus 2.42.0", saw none`, public + `name taken: .* saw ami-`, public + `public view: expected nothing, saw ami-`},
		},
		"a copy is gone": {
			func(w *wrecker) { must(w, w.ec2.DeregisterImage, &ec2.DeregisterImageInput{ImageId: &w.public}) },
			[]string{
				public + `missing: expected an AMI "Prometheus 2.42.0"`, public + `catalog file: expected no entry, saw ami-`,
				`eu-west-1: left over: expected nothing, saw snapshot without an AMI snap-`,
			},
		},
		"a second copy": {
			func(w *wrecker) {
				w.copy(w.public, publicName, releaseTags(types.ResourceTypeImage, "prometheus", "release"))
			},
			[]string{public + `second copy: expected only ami-\w+, saw ami-\w+, available`},
		},
		"a stranger of the name": {
			func(w *wrecker) {
				w.let(w.copy(w.public, publicName), everybody())
			},
			[]string{public + `name taken: expected no other AMI "Prometheus 2.42.0", saw ami-`, public + `public view: expected ami-\w+, saw ami-\w+ ami-`},
		},
		"a candidate is left": {
			func(w *wrecker) {
				w.copy(w.public, aCandidate)
			},
			[]string{`eu-west-1: left over: expected nothing, saw candidate ami-\w+ "` + aCandidate + `", available`},
		},
		"a candidate is public": {
			func(w *wrecker) {
				w.let(w.copy(w.public, aCandidate), everybody())
			},
			[]string{`eu-west-1: public view: expected nothing, saw candidate ami-`},
		},
		"an image that the catalog does not have": {
			func(w *wrecker) {
				w.copy(w.public, "Other", releaseTags(types.ResourceTypeImage, "ultimate", "release"))
			},
			[]string{`eu-west-1: left over: expected nothing, saw AMI of no image in the catalog ami-\w+ "Other", available`},
		},
		"what builds need is left": {
			(*wrecker).buildLeft,
			[]string{`left over: .* saw key pair key-`, `left over: .* saw security group sg-`, `left over: .* saw instance i-`},
		},
		"a parameter holds another id": {
			func(w *wrecker) {
				w.put("/prometheus/2.42.0/amd64/ami", w.premium)
			},
			[]string{public + `parameter: expected /prometheus/2.42.0/amd64/ami = ami-\w+, saw ami-\w+`},
		},
		"the latest is not one of a newer version": {
			func(w *wrecker) {
				w.put("/prometheus/latest/amd64/ami", w.premium)
			},
			[]string{public + `parameter: expected /prometheus/latest/amd64/ami = ami-`},
		},
		"a parameter is gone": {
			func(w *wrecker) {
				must(w, w.ssm.DeleteParameter, &ssm.DeleteParameterInput{Name: aws.String("/prometheus/latest/amd64/ami")})
			},
			[]string{public + `parameter: .* saw no such parameter`},
		},
		"a description is another": {
			func(w *wrecker) {
				must(w, w.ec2.ModifyImageAttribute, &ec2.ModifyImageAttributeInput{ImageId: &w.public, Description: &types.AttributeValue{Value: aws.String("something")}})
			},
			[]string{public + `description: expected Prometheus 2.42.0 on Debian 12 \(amd64\), saw something`},
		},
		"an AMI is disabled": {
			func(w *wrecker) { must(w, w.ec2.DisableImage, &ec2.DisableImageInput{ImageId: &w.public}) },
			[]string{public + `state: expected available, saw disabled`, public + `public view: .* saw nothing`},
		},
		"an AMI is deprecated": {
			func(w *wrecker) {
				must(w, w.ec2.EnableImageDeprecation, &ec2.EnableImageDeprecationInput{ImageId: &w.public, DeprecateAt: aws.Time(time.Now().Add(time.Hour))})
				w.b.advance(w.t, 2*time.Hour)
			},
			[]string{public + `deprecated: .* saw deprecated since`, public + `public view: .* saw nothing`},
		},
		"a private AMI is public, and hidden from a search": {
			func(w *wrecker) {
				w.let(w.premium, everybody())
				must(w, w.ec2.EnableImageDeprecation, &ec2.EnableImageDeprecationInput{ImageId: &w.premium, DeprecateAt: aws.Time(time.Now().Add(time.Hour))})
				w.b.advance(w.t, 2*time.Hour)
			},
			[]string{premium + `public view: expected nothing, saw ami-\w+ by its id`},
		},
		"another disk": {
			func(w *wrecker) { w.recatalog("disk: {size: 10, type: gp3}", "disk: {size: 12, type: gp2}") },
			[]string{public + `root disk: expected 12 GiB gp2, saw 10 GiB gp3`, `us-east-1 premium/amd64: root disk`},
		},
		"the metadata is open": {
			func(w *wrecker) {
				w.recatalog("disk: {size: 10, type: gp3}", "disk: {size: 10, type: gp3}\n  imds_support: v2.0")
			},
			[]string{public + `imds-support: expected v2.0, saw nothing`},
		},
		"the owner cannot read a region": {
			func(w *wrecker) { w.fault("vendor", "DescribeImages") },
			[]string{`eu-west-1: not read: expected the owner's AMIs, saw describe images: UnauthorizedOperation`},
		},
		"the customer cannot read a region": {
			func(w *wrecker) { w.fault("customer", "DescribeImages") },
			[]string{`eu-west-1: not read: expected what a customer finds, saw describe images: UnauthorizedOperation`},
		},
		"permissions cannot be read": {
			func(w *wrecker) { w.fault("vendor", "Describe*Attribute") },
			[]string{public + `not read: expected launch permissions of ami-`, premium + `not read: expected permissions of snap-`},
		},
		"tags cannot be read":       {func(w *wrecker) { w.fault("vendor", "DescribeTags") }, []string{`eu-west-1: not read: expected what carries the release's tag`}},
		"snapshots cannot be read":  {func(w *wrecker) { w.fault("vendor", "DescribeSnapshots") }, []string{`eu-west-1: not read: expected snapshots`}},
		"parameters cannot be read": {func(w *wrecker) { w.fault("vendor", "GetParameters") }, []string{`eu-west-1: not read: expected parameters`}},
		"an id in the list is another": {
			func(w *wrecker) { w.edit(`"eu-west-1": "ami-\w+"`, `"eu-west-1": "ami-0123456789abcdef0"`) },
			[]string{public + `catalog file: expected ami-\w+, saw ami-0123456789abcdef0`},
		},
		"an id is not in the list": {
			func(w *wrecker) { w.edit(`"eu-west-1": "ami-\w+",`, ``) },
			[]string{public + `catalog file: expected ami-\w+, saw no entry`},
		},
		"the list has more": {
			func(w *wrecker) { w.edit(`"eu-west-1":`, `"eu-north-1": "ami-1", "eu-west-1":`) },
			[]string{`eu-north-1 prometheus/amd64: catalog file: expected no entry, saw ami-1`},
		},
		"the list is another release's": {
			func(w *wrecker) { w.edit(`"tag": "v2.42.0"`, `"tag": "v2.41.0"`) },
			[]string{`catalog file: expected prometheus v2.42.0, saw prometheus v2.41.0`},
		},
	}
}
