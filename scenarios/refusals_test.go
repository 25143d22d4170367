package scenarios

// refusal is what becomes of a listing of the shelf, and how it is fixed.
type refusal struct {
	code  string
	field string   // whose line is named
	says  []string // besides
	next  string   // what to do
	fix   string   // the listing's line instead; none: something else is fixed
	by    string   // which run offers it again
}

// Which runs offer again what was refused.
const (
	plainly = ""             // the same command: another version is asked for
	byForce = "--resubmit"   // nothing of the version has changed
	rebuilt = "again-2.42.1" // only another AMI will do
)

const changed = "amiship.yaml, then: amiship release v2.42.0" // what to do, mostly

var refusals = map[string]refusal{
	"system-name": {
		code: "INCOMPATIBLE_OPERATING_SYSTEM_NAME", field: "operating_system.name", says: []string{"The operating system name 'ubuntu' is not supported"},
		next: changed, fix: `operating_system: {name: UBUNTU, version: "22.04"}`,
	},
	"system-version": {
		code: "INCOMPATIBLE_OPERATING_SYSTEM_VERSION", field: "operating_system.version",
		next: changed, fix: `operating_system: {name: UBUNTU, version: "22.04"}`,
	},
	"system": {
		code: "INCOMPATIBLE_OPERATING_SYSTEM", field: "operating_system", says: []string{"See the AMI's platform."},
		next: changed, fix: `operating_system: {name: UBUNTU, version: "22.04"}`,
	},
	"type": {
		code: "RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE", field: "recommended_instance_type", says: []string{"x99.large", "See the product's instance types."},
		next: "name one that the product offers, then: amiship release v2.42.0;", fix: "recommended_instance_type: m7i.xlarge",
	},
	"type-arch": {
		code: "INCOMPATIBLE_AMI", field: "recommended_instance_type", says: []string{"m7g.large has the architecture arm64"},
		next: "name a type that fits the AMI, or another image, then: amiship release v2.42.0", fix: "recommended_instance_type: m7i.xlarge",
	},
	"slow": {
		code: "INCOMPATIBLE_AMI", field: "image", says: []string{"EnaSupport", "has no support of ENA"},
		next: "correct how the image is built, then release a new tag", by: rebuilt,
	},
	"restricted": {
		code: "INVALID_PRODUCT", field: "product", says: []string{"See the product's visibility.", "is restricted"},
		next: "correct its id, then: amiship release v2.42.0", fix: "product: prod-sparexxxxxxxx",
	},
	"arch": {
		code: "INVALID_AMI_ARCHITECTURE", field: "image", says: []string{"See the AMI's Architecture.", "has the architecture arm64"},
		next: changed, fix: "image: plain/amd64",
	},
	"no-role": {
		code: "ASSET_ACCESS_EXCEPTION", field: "access_role_arn", says: []string{"cannot assume the role arn:aws:iam::123456789012:role/Nobody"},
		next: "amiship iam marketplace-role --account 123456789012 prints", fix: "access_role_arn: arn:aws:iam::123456789012:role/Ingestion",
	},
	"strange-role": {
		code: "ASSET_ACCESS_EXCEPTION", field: "access_role_arn", says: []string{"does not trust assets.marketplace.amazonaws.com", "get-ebs-encryption-by-default"},
		next: "then: amiship release v2.42.0 --resubmit", by: byForce, // the AMI is shared
	},
	"weak-role": {
		code: "ASSET_NOT_FOUND", field: "access_role_arn", says: []string{"lacks the permission ec2:ModifyImageAttribute"},
		next: "then: amiship release v2.42.0 --resubmit", by: byForce,
	},
	"long": {
		code: "INVALID_AMI_NAME", field: "image", says: []string{"See the AMI's name."},
		next: "change the image's name in amiship.yaml, then release a new tag", by: rebuilt,
	},
	"sloppy": {
		code: "SCAN_ERROR", field: "user_name",
		says: []string{"/marketplace-scan/", "/root/.ssh/authorized_keys", "a key in it opens every customer's machine", "/etc/ssh/ssh_host_rsa_key", "root has a password"},
		next: "correct how the image is built, then release a new tag", by: rebuilt,
	},
	"user": {
		code: "SCAN_ERROR", field: "user_name", says: []string{"there is no user admin, whom the version names"},
		next: changed, fix: "user_name: ubuntu",
	},
	"port": {
		code: "SCAN_ERROR", field: "scanning_port", says: []string{"sshd does not listen on port 2222, which the version names, but on 22"},
		next: changed, fix: "scanning_port: 22",
	},
	"invented": {
		code: "PHASE_OF_THE_MOON", says: []string{"Amiship does not know this code", "Marketplace says: The moon is full."},
		next: "amiship release v2.42.0 --resubmit", by: byForce,
	},
	"silent": {
		code: "SCAN_ERROR", field: "user_name", says: []string{"Marketplace says: http://127.0.0.1:9/findings.json", "not read: ", "http://127.0.0.1:9/findings.json is not https"},
		next: "--resubmit (offers the version again, as it is", by: byForce,
	},
}
