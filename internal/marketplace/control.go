package marketplace

import "strings"

// controlAdvice says what to change for a control of an assessment, by words of its id.
type controlAdvice struct {
	words  string // apart by spaces; any of them
	change string
}

// controlAdvices are in order: the first whose word is in the id counts. AWS does not publish
// the ids of its controls (docs/reference/aws.md#assessments); what they are about follows
// from its policies for AMIs (docs/reference/aws.md#ami-rules-for-listings).
func controlAdvices() []controlAdvice {
	return []controlAdvice{
		{"authorized", "delete every authorized_keys at the end of the build"},
		{"host-key hostkey host_key", "delete /etc/ssh/ssh_host_* at the end of the build: each instance makes its own"},
		{"private-key privatekey private_key credential secret access-key access_key", "remove the key or secret from what the build puts into the image; an instance gets its own at its first boot"},
		{"root", "set PermitRootLogin to prohibit-password or no, and lock root's password"},
		{"password", "set PasswordAuthentication no, and lock every password"},
		{"malware virus", "find where the file comes from, and build without it"},
		{"end-of-life endoflife end_of_life eol unsupported", "build from a base, and ship packages, that their makers still support"},
		{"vulnerab cve patch package", "install the fixed packages, or build from a newer base"},
		{"port", "set scanning_port of the listing to the port of the AMI's sshd"},
		{"sshd ssh", "enable sshd in the image, reachable with a key"},
		{"user login", "set user_name of the listing to a user of the AMI who may log in with a key and use sudo"},
	}
}

// ExplainControl says what to change when a control of an assessment has failed.
func ExplainControl(id string) string {
	id = strings.ToLower(id)
	for _, a := range controlAdvices() {
		for _, word := range strings.Fields(a.words) {
			if strings.Contains(id, word) {
				return a.change
			}
		}
	}
	return "change what it names: AWS Marketplace's security policies for AMIs say what is required"
}
