package marketplace

import (
	"fmt"
	"regexp"
)

// DefaultRole is the name that AWS's own guide gives the role of ingestion.
const DefaultRole = "AwsMarketplaceAmiIngestion"

// ingestor is the service that takes AMIs in. It takes the role, and the
// releaser passes it the role.
const ingestor = "assets.marketplace.amazonaws.com"

// Role is the IAM role by which Marketplace reads and shares a version's AMI.
type Role struct {
	Account string // that the AMIs belong to: 12 digits
	Name    string
}

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	roleName  = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
)

// Check says why IAM would refuse the role.
func (r Role) Check() error {
	switch {
	case !accountID.MatchString(r.Account):
		return fmt.Errorf("account %q: an id has 12 digits", r.Account)
	case !roleName.MatchString(r.Name):
		return fmt.Errorf("role %q: IAM accepts 1 to 64 letters, digits and _+=,.@-", r.Name)
	}
	return nil
}

// ARN names the role.
func (r Role) ARN() string { return "arn:aws:iam::" + r.Account + ":role/" + r.Name }

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is one of a policy. One of a role's trust has a Principal and no
// Resource.
type Statement struct {
	Sid       string                       `json:",omitempty"`
	Effect    string                       // Allow
	Principal map[string]string            `json:",omitempty"`
	Action    []string                     // service:Operation
	Resource  string                       `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

func policy(s ...Statement) Policy {
	for i := range s {
		s[i].Effect = "Allow"
	}
	return Policy{Version: "2012-10-17", Statement: s}
}

// Trust is the role's trust policy: Marketplace alone may take it.
func (r Role) Trust() Policy {
	return policy(Statement{Principal: map[string]string{"Service": ingestor}, Action: []string{"sts:AssumeRole"}})
}

// Permissions are what the role may do: as AWS's own AWSMarketplaceAmiIngestion
// has it (docs/reference/aws.md#ami-rules-for-listings), inspect AMIs and
// snapshots, and share them.
func (r Role) Permissions() Policy {
	return policy(
		Statement{
			Sid: "LookAndShareAMIs", Resource: "*",
			Action: []string{"ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DescribeSnapshotAttribute", "ec2:ModifyImageAttribute"},
		},
		Statement{
			Sid: "ShareSnapshots", Resource: "arn:aws:ec2:" + Region + "::snapshot/snap-*",
			Action: []string{"ec2:ModifySnapshotAttribute"},
		},
	)
}

// Releaser lists the additional permissions that the caller of a release needs
// to list versions: to pass the role to Marketplace, and the Catalog's
// operations that Amiship calls.
func (r Role) Releaser() Policy {
	return policy(
		Statement{
			Sid: "PassTheRole", Resource: r.ARN(), Action: []string{"iam:PassRole"},
			Condition: map[string]map[string]string{"StringEquals": {"iam:PassedToService": ingestor}},
		},
		Statement{
			Sid: "ChangeListings", Resource: "*",
			Action: []string{
				"aws-marketplace:CancelChangeSet", "aws-marketplace:DescribeAssessment", "aws-marketplace:DescribeChangeSet",
				"aws-marketplace:DescribeEntity", "aws-marketplace:ListAssessments", "aws-marketplace:ListChangeSets", "aws-marketplace:ListTagsForResource", "aws-marketplace:StartChangeSet",
				"aws-marketplace:TagResource",
			},
		},
	)
}
