package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// judge is where @cloud-copilot/iam-simulate is installed: npm install --prefix DIR
// @cloud-copilot/iam-simulate@0.1.173. It judges; nothing of it is linked or shipped.
var (
	judge  = flag.String("judge", "", "`DIR` with @cloud-copilot/iam-simulate, which judges 2,000 random requests")
	update = flag.Bool("update", false, "write testdata/judged.json, with the judge's verdicts")
)

// judged is a request, and what came of it.
type judged struct {
	Action   string            `json:"action"`
	Resource string            `json:"resource"`
	Context  map[string]any    `json:"context"`
	Policies []json.RawMessage `json:"policies"`
	Verdict  string            `json:"verdict,omitempty"`
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func some[T any](r *rand.Rand, n int, f func() T) any {
	k := 1 + r.IntN(n)
	if k == 1 && r.IntN(2) == 0 {
		return f()
	}
	var out []T
	for range k {
		out = append(out, f())
	}
	return out
}

func drawnCase(r *rand.Rand) judged {
	action := func() string {
		return pick(r, "ec2:RunInstances", "ec2:runinstances", "ec2:*", "ec2:Run*", "ec2:?unInstances", "*", "ssm:PutParameter", "ec2:CopyImage", "ec2:Describe*", "ssm:*")
	}
	resource := func() string {
		return pick(r, "*", "arn:aws:ec2:*::image/*", "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-east-?:123456789012:*",
			"arn:aws:ssm:us-east-1:123456789012:parameter/product/*", "arn:aws:ssm:*:*:parameter/${aws:username}/*", "arn:aws:ec2:us-east-1::image/ami-*")
	}
	keys := []string{"ec2:Region", "aws:RequestTag/project", "aws:TagKeys", "ssm:Overwrite", "aws:username", "aws:SourceIp", "aws:CurrentTime", "aws:PrincipalArn", "ec2:Attribute/VolumeSize"}
	value := func(key string) string {
		switch key {
		case "ec2:Region":
			return pick(r, "us-east-1", "us-west-2", "us-*", "US-EAST-1")
		case "aws:SourceIp":
			return pick(r, "10.0.0.0/8", "10.1.2.3", "192.168.0.0/16")
		case "aws:CurrentTime":
			return pick(r, "2026-11-30T00:00:00Z", "2026-11-29T12:00:00Z", "2026-12-01T00:00:00Z")
		case "aws:PrincipalArn":
			return pick(r, "arn:aws:iam::123456789012:user/someone", "arn:aws:iam::*:user/*", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:*")
		case "ec2:Attribute/VolumeSize":
			return pick(r, "8", "10", "8.0")
		case "ssm:Overwrite":
			return pick(r, "true", "false", "True")
		}
		return pick(r, "product", "other", "pro*", "PRODUCT", "someone", "${aws:username}", "?roduct")
	}
	operator := func(key string) string {
		base := pick(r, "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike")
		switch key {
		case "aws:SourceIp":
			base = pick(r, "IpAddress", "NotIpAddress")
		case "aws:CurrentTime":
			base = pick(r, "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals")
		case "aws:PrincipalArn":
			base = pick(r, "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike")
		case "ec2:Attribute/VolumeSize":
			base = pick(r, "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals")
		case "ssm:Overwrite":
			base = pick(r, "Bool", "StringEquals")
		}
		if r.IntN(4) == 0 {
			base += "IfExists"
		}
		if key == "aws:TagKeys" {
			base = pick(r, "ForAllValues:", "ForAnyValue:") + base
		}
		if r.IntN(8) == 0 {
			return "Null"
		}
		return base
	}
	var c judged
	c.Action = pick(r, "ec2:RunInstances", "ssm:PutParameter", "ec2:CopyImage")
	c.Resource = pick(r, "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:us-east-1:123456789012:instance/i-1")
	if c.Action == "ssm:PutParameter" {
		c.Resource = pick(r, "arn:aws:ssm:us-east-1:123456789012:parameter/product/latest", "arn:aws:ssm:us-west-2:123456789012:parameter/someone/x")
	}
	c.Context = map[string]any{}
	for _, key := range keys {
		if r.IntN(3) == 0 {
			continue
		}
		var v string
		switch key {
		case "ec2:Region":
			v = pick(r, "us-east-1", "us-west-2")
		case "aws:username":
			v = "someone"
		case "aws:SourceIp":
			v = pick(r, "10.1.2.3", "192.168.1.1")
		case "aws:CurrentTime":
			v = pick(r, "2026-11-30T00:00:00Z", "2026-11-29T11:00:00Z")
		case "aws:PrincipalArn":
			v = "arn:aws:iam::123456789012:user/someone"
		case "ec2:Attribute/VolumeSize":
			v = pick(r, "8", "9", "10")
		case "ssm:Overwrite":
			v = pick(r, "true", "false")
		default:
			v = pick(r, "product", "other", "Product")
		}
		if key == "aws:TagKeys" {
			vs := [][]string{{"product"}, {"product", "other"}, {"other"}}[r.IntN(3)]
			c.Context[key] = vs
			continue
		}
		c.Context[key] = v
	}
	for range 1 + r.IntN(2) {
		var statements []any
		for range 1 + r.IntN(3) {
			s := map[string]any{"Effect": pick(r, "Allow", "Allow", "Deny")}
			s[pick(r, "Action", "Action", "Action", "NotAction")] = some(r, 3, action)
			s[pick(r, "Resource", "Resource", "Resource", "NotResource")] = some(r, 3, resource)
			if r.IntN(2) == 0 {
				cond := map[string]any{}
				for range 1 + r.IntN(2) {
					key := pick(r, keys...)
					op := operator(key)
					v := func() string { return value(key) }
					if op == "Null" {
						v = func() string { return pick(r, "true", "false") }
					}
					inner, _ := cond[op].(map[string]any)
					if inner == nil {
						inner = map[string]any{}
					}
					if op == "Null" {
						inner[key] = v()
					} else {
						inner[key] = some(r, 3, v)
					}
					cond[op] = inner
				}
				s["Condition"] = cond
			}
			statements = append(statements, s)
		}
		text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
		c.Policies = append(c.Policies, text)
	}
	return c
}

// decided is what the package says of it, in the judge's words.
func (c judged) decided(t *testing.T) string {
	t.Helper()
	var set Set
	for _, text := range c.Policies {
		p, err := Parse(text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		set = append(set, p)
	}
	context := map[string][]string{}
	for key, value := range c.Context {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var values Values
		if err := json.Unmarshal(text, &values); err != nil {
			t.Fatal(err)
		}
		context[key] = values
	}
	switch d := set.Decide(Request{c.Action, c.Resource, context}); {
	case d.Denied != nil:
		return "ExplicitlyDenied"
	case d.Allowed:
		return "Allowed"
	}
	return "ImplicitlyDenied"
}

const committed = "testdata/judged.json"

// TestJudged: requests that another simulator of IAM has decided are decided so here.
func TestJudged(t *testing.T) {
	var cases []judged
	if *judge != "" {
		cases = judgedNow(t, 2000)
	} else {
		text, err := os.ReadFile(committed)
		if err == nil {
			err = json.Unmarshal(text, &cases)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	verdicts := map[string]int{}
	for i, c := range cases {
		verdicts[c.Verdict]++
		if got := c.decided(t); got != c.Verdict {
			text, _ := json.Marshal(c)
			t.Errorf("%d: %s, want %s: %s", i, got, c.Verdict, text)
		}
	}
	if len(verdicts) != 3 {
		t.Errorf("the verdicts are %v", verdicts)
	}
	if *update {
		var out bytes.Buffer
		for i, c := range cases[:150] {
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(map[bool]string{true: "[", false: ",\n"}[i == 0] + string(text))
		}
		if err := os.WriteFile(committed, append(out.Bytes(), "]\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// judgedNow asks the judge about random requests.
func judgedNow(t *testing.T, n int) []judged {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	var cases []judged
	for range n {
		cases = append(cases, drawnCase(r))
	}
	text, err := json.Marshal(cases)
	file := filepath.Join(t.TempDir(), "cases.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/judge.mjs")
	if err == nil {
		err = os.WriteFile(filepath.Join(*judge, "judge.mjs"), script, 0o600) // imports are seen from there
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", filepath.Join(*judge, "judge.mjs"), file).Output()
	var verdicts []string
	if err == nil {
		err = json.Unmarshal(out, &verdicts)
	}
	if err != nil || len(verdicts) != n {
		t.Fatalf("%d verdicts: %v", len(verdicts), err)
	}
	for i := range cases {
		cases[i].Verdict = verdicts[i]
	}
	return cases
}
