package cloud

import (
	"path"
	"slices"
	"time"

	"amiship/sandbox/policy"
)

// Account is an AWS account that the sandbox knows.
type Account struct {
	ID    string // twelve digits
	Name  string // what `sandbox env --account` takes
	Alias string // owner alias of its images: amazon, aws-marketplace; usually empty
	// Organizations are the ARNs of the organization that it belongs to, and of its units.
	Organizations []string  `json:",omitempty"`
	Partition     Partition `json:",omitempty"`
}

// Credential is an access key of an account, long-lived or from AssumeRole.
type Credential struct {
	KeyID, Secret, Token string
	Account              string
	Principal            string    // ARN
	Deny                 []string  // IAM actions refused: "ec2:CopyImage", "ssm:*"
	Expires              time.Time // zero: never
	// Policies are those of the user or role; nil: everything is allowed. Session are those that
	// were given when the role was assumed; nil: none.
	Policies *policy.Set `json:",omitempty"`
	Session  *policy.Set `json:",omitempty"`
}

// Denies reports whether a Deny list names an IAM action. Its patterns are those
// of path.Match.
func Denies(deny []string, action string) bool {
	return slices.ContainsFunc(deny, func(pattern string) bool {
		ok, _ := path.Match(pattern, action)
		return ok
	})
}

// Accounts by id, and credentials by key id; both in partition "".
var (
	Accounts    = NewTable[Account]("accounts")
	Credentials = NewTable[Credential]("credentials")
)

// KeyOf returns an account's first access key that lasts.
func KeyOf(tx *Tx, account string) (Credential, bool) {
	for _, c := range Credentials.All(tx, "") {
		if c.Account == account && c.Token == "" {
			return c, true
		}
	}
	return Credential{}, false
}
