package policy

import (
	"strings"
	"testing"
)

// TestDecide: what IAM's own documentation says of each element.
func TestDecide(t *testing.T) {
	const allow = `"Effect": "Allow", "Action": "ec2:*", "Resource": "*"`
	image := Request{Action: "ec2:CopyImage", Resource: "arn:aws:ec2:us-east-1::image/ami-1", Context: map[string][]string{
		"ec2:Region": {"us-east-1"}, "aws:RequestTag/Project": {"p"}, "aws:TagKeys": {"Project", "Name"}, "aws:username": {"jo"}, "ssm:Overwrite": {"false"},
	}}
	for name, c := range map[string]struct {
		statements string
		want       string
	}{
		"nothing":                         {`{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}`, "none"},
		"one statement":                   {`{` + allow + `}`, "allowed"},
		"a denial wins":                   {`[{` + allow + `}, {"Effect": "Deny", "Action": ["ec2:Copy*"], "Resource": "*"}]`, "denied"},
		"letters of actions":              {`{"Effect": "Allow", "Action": "EC2:copyimage", "Resource": "*"}`, "allowed"},
		"NotAction":                       {`{"Effect": "Allow", "NotAction": "ec2:CopyImage", "Resource": "*"}`, "none"},
		"another NotAction":               {`{"Effect": "Allow", "NotAction": "ssm:*", "Resource": "*"}`, "allowed"},
		"the resource":                    {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*::image/*"}`, "allowed"},
		"any partition":                   {`{"Effect": "Allow", "Action": "*", "Resource": "arn:*:ec2:*::image/*"}`, "allowed"},
		"any resource of a service":       {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:*/*"}`, "allowed"},
		"another resource":                {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:instance/*"}`, "none"},
		"NotResource":                     {`{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*::image/*"}`, "none"},
		"a condition":                     {`{` + allow + `, "Condition": {"StringEquals": {"EC2:region": ["eu-west-1", "us-east-1"]}}}`, "allowed"},
		"conditions are and":              {`{` + allow + `, "Condition": {"StringEquals": {"ec2:Region": "us-east-1"}, "Bool": {"ssm:Overwrite": true}}}`, "none"},
		"a boolean":                       {`{` + allow + `, "Condition": {"Bool": {"ssm:Overwrite": false}}}`, "allowed"},
		"a key that is not there":         {`{` + allow + `, "Condition": {"StringEquals": {"aws:RequestTag/None": "x"}}}`, "none"},
		"unlike a key that is not there":  {`{` + allow + `, "Condition": {"StringNotEquals": {"aws:RequestTag/None": "x"}}}`, "allowed"},
		"IfExists":                        {`{` + allow + `, "Condition": {"StringEqualsIfExists": {"aws:RequestTag/None": "x"}}}`, "allowed"},
		"Null":                            {`{` + allow + `, "Condition": {"Null": {"aws:RequestTag/None": "true", "ec2:Region": "false"}}}`, "allowed"},
		"all values":                      {`{` + allow + `, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Project", "Name", "Other"]}}}`, "allowed"},
		"not all values":                  {`{` + allow + `, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Project"]}}}`, "none"},
		"any value":                       {`{` + allow + `, "Condition": {"ForAnyValue:StringLike": {"aws:TagKeys": ["Proj*"]}}}`, "allowed"},
		"StringEquals has no wildcard":    {`{` + allow + `, "Condition": {"StringEquals": {"ec2:Region": "us-*"}}}`, "none"},
		"a variable":                      {`{` + allow + `, "Condition": {"StringLike": {"ec2:Region": "us-${aws:none, 'east'}-?"}}}`, "allowed"},
		"a variable without a value":      {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*::image/${aws:none}*"}`, "none"},
		"a literal star":                  {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*::image/${*}"}`, "none"},
		"what a value has is no wildcard": {`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*::image/${aws:username}"}`, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": ` + c.statements + `}`))
			if err != nil {
				t.Fatal(err)
			}
			d := Set{p}.Decide(image)
			got := "none"
			switch {
			case d.Denied != nil:
				got = "denied"
			case d.Allowed:
				got = "allowed"
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	p, err := Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ssm:*:parameter/x:1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if (Set{p}).Decide(Request{Action: "ssm:GetParameter", Resource: "arn:aws:ssm:us-east-1:123456789012:parameter/x:1"}).Allowed {
		t.Error("a wildcard reaches across the colon between region and account")
	}
	if (Set{}).Decide(image).Allowed {
		t.Error("an empty set allows something")
	}
}

// TestMalformed: what AWS takes for no policy is refused, with what is wrong.
func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*"}}`:                                                              "either Resource or NotResource",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*"}}`:                                                                "either Action or NotAction",
		`{"Version": "2012-10-17", "Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}`:                                                 `not "allow"`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "RunInstances", "Resource": "*"}}`:                                      "has no service",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:image/*"}}`:                             "neither an ARN nor *",
		`{"Version": "2020-01-01", "Statement": []}`:                                                                                                  `no version "2020-01-01"`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}}`:                               `unknown field "Conditions"`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"ec2:Region": "x"}}}}`: "no condition operator StringIs",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": {"c": 1}}}}}`:       "a text, a number or a boolean",
		`{`: "malformed policy",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestUnknown: a key that requests have no values of is named.
func TestUnknown(t *testing.T) {
	p, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
		"Condition": {"StringEquals": {"EC2:region": "x", "aws:RequestTag/a": "b", "aws:MultiFactorAuthAge": "1"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"ec2:Region", "aws:RequestTag/"}
	if got := p.Unknown(known); got != "aws:MultiFactorAuthAge" {
		t.Error(got)
	}
	if got := p.Unknown(append(known, "aws:MultiFactorAuthAge")); got != "" {
		t.Error(got)
	}
}
