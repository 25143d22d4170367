package probe

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"amiship/sandbox/sandboxtest"
)

// TestHidden: what is written for others names no account, caller, product or key.
func TestHidden(t *testing.T) {
	r := Result{Answers: []Answer{
		{Number: 1, Name: "a", Want: "x", Got: "in_use", Setting: "marketplace.cancel_refusal", Message: "entity 'prod-abcdefghijklm' of 123456789012 is locked by arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/ChangeSet/4xvq"},
		{
			Number: 2, Name: "b", Want: "x", Setting: "ec2.image_changes",
			Problem: "User: arn:aws:sts::123456789012:assumed-role/Release/jane is not authorized with AKIAABCDEFGHIJKLMNOP. Encoded authorization failure message: abcDEF123\nand more",
		},
		{Number: 3, Name: "c", Want: "500", Got: "-1", Setting: "ec2.image_changes"},
		{Number: 4, Name: "d", Want: "5s", Got: "4.2s", Setting: "image_check", Measured: true, Message: "the token is s3cr3t/Token, of the role of Jane's"},
	}}
	r.hide([]string{"s3cr3t/Token", "", "Jane's"})
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"123456789012", "prod-abc", "4xvq", "jane", "Release", "AKIA", "abcDEF123", "and more", "s3cr3t", "Jane"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is written:\n%s", secret, &out)
		}
	}
	var back Result
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"marketplace": map[string]any{"cancel_refusal": "in_use"}, "ec2": map[string]any{"image_changes": -1.0}, "image_check": "4.2s"}
	if !reflect.DeepEqual(back.Settings, want) {
		t.Errorf("the settings are %v, want %v", back.Settings, want)
	}
	var table bytes.Buffer
	r.Write(&table)
	for _, line := range []string{"1  a                        x                            different\n       answer: in_use\n", "3  c                        500                          different", "2  b                        x                            not asked", "4  d                        5s                           4.2s", "1 the same, 2 different, 1 not asked"} {
		if !strings.Contains(table.String(), line) {
			t.Errorf("the table does not say %q:\n%s", line, &table)
		}
	}
	for line := range strings.Lines(table.String()) {
		if len(line) > width+1 {
			t.Errorf("a line is too wide: %s", line)
		}
	}
}

// TestReadsOnly: without Write, nothing is changed.
func TestReadsOnly(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, "")
	cfg := everything(clients(t, box, box.URL))
	cfg.Write = false
	if _, err := Run(t.Context(), nil, cfg); err != nil {
		t.Fatal(err)
	}
	for _, action := range box.Calls(t) {
		if making.MatchString(":"+action) || changes.MatchString("&Action="+action) {
			t.Errorf("it calls %s", action)
		}
	}
}
