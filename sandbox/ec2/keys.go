package ec2

import (
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// checkKey refuses a KMS key for what is not to be encrypted. Whether there is such a key shows
// only later (docs/reference/aws.md#kms-keys).
func checkKey(c *wire.Call, encrypted bool, key string) error {
	if key == "" || encrypted || stateOf(c).Encrypt {
		return nil
	}
	return wire.Errorf("InvalidParameterDependency", "The parameter [KmsKeyId] requires the parameter [Encrypted] to be set.")
}

// keyLost is why a snapshot fails whose KMS key there is not.
const keyLost = "Given key ID is not accessible"

// keyIn reports whether there is a KMS key in a region: AWS's own for EBS, or one that the world
// gave the account that its ARN names.
func keyIn(tx *cloud.Tx, region, key string) bool {
	parts := strings.SplitN(key, ":", 6)
	if len(parts) < 6 || parts[3] != region {
		return false
	}
	account, name := parts[4], strings.TrimPrefix(parts[5], "key/")
	if key == defaultKeyOf(account, region) || name == "alias/aws/ebs" {
		return true
	}
	state, _ := regionStates.Get(tx, region, account)
	return slices.Contains(state.Keys, name)
}

// launchFailed is what ends an instance whose volumes can't be decrypted. For a key that is
// disabled or may not be used, some report Client.InvalidKMSKey.InvalidState instead; which of
// the two a key that does not exist leads to is not known [?].
const launchFailed = "Client.InternalError"

// lacksKey reports whether a volume of the instance is encrypted with a KMS key that there is not.
func (in Instance) lacksKey(tx *cloud.Tx) bool {
	return slices.ContainsFunc(in.Devices, func(d Device) bool {
		v, found := Volumes.Get(tx, in.Region, d.Volume)
		return found && v.Encrypted && !keyIn(tx, in.Region, v.KMSKey)
	})
}

// lacksKey reports whether an encrypted copy can't succeed.
func (s Snapshot) lacksKey(c *wire.Call) bool {
	return s.Encrypted && !keyIn(c.Tx, c.Region, s.KMSKey)
}
