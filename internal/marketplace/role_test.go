package marketplace

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoleDocuments compares with what AWS's guides have.
func TestRoleDocuments(t *testing.T) {
	r := Role{Account: "123456789012", Name: DefaultRole}
	for name, c := range map[string]struct {
		got  Policy
		want string
	}{
		"trust": {r.Trust(), `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"Service": "assets.marketplace.amazonaws.com"}, "Action": ["sts:AssumeRole"]}]}`},
		"permissions": {r.Permissions(), `{"Version": "2012-10-17", "Statement": [
			{"Sid": "LookAndShareAMIs", "Effect": "Allow", "Resource": "*", "Action":
				["ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DescribeSnapshotAttribute", "ec2:ModifyImageAttribute"]},
			{"Sid": "ShareSnapshots", "Effect": "Allow", "Resource": "arn:aws:ec2:us-east-1::snapshot/snap-*", "Action": ["ec2:ModifySnapshotAttribute"]}]}`},
		"releaser": {r.Releaser(), `{"Version": "2012-10-17", "Statement": [
			{"Sid": "PassTheRole", "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion",
				"Condition": {"StringEquals": {"iam:PassedToService": "assets.marketplace.amazonaws.com"}}},
			{"Sid": "ChangeListings", "Effect": "Allow", "Resource": "*", "Action": ["aws-marketplace:CancelChangeSet",
				"aws-marketplace:DescribeAssessment", "aws-marketplace:DescribeChangeSet", "aws-marketplace:DescribeEntity",
				"aws-marketplace:ListAssessments", "aws-marketplace:ListChangeSets",
				"aws-marketplace:ListTagsForResource", "aws-marketplace:StartChangeSet", "aws-marketplace:TagResource"]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(c.got)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRoleCheck(t *testing.T) {
	for name, c := range map[string]struct {
		role Role
		want string
	}{
		"right":           {Role{"123456789012", "team.role+x=1@y-z_"}, ""},
		"a short account": {Role{"12345678901", "role"}, "12 digits"},
		"an alias":        {Role{"my-company", "role"}, "12 digits"},
		"no name":         {Role{"123456789012", ""}, "1 to 64"},
		"a path":          {Role{"123456789012", "team/role"}, "1 to 64"},
		"a quote":         {Role{"123456789012", "role'; x"}, "1 to 64"},
		"a long name":     {Role{"123456789012", strings.Repeat("x", 65)}, "1 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.role.Check()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
