package ec2_test

import (
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire"
)

// boto3 knows EC2 from AWS's own model, and nothing of us: what it cannot read
// in an answer, no client can. Every documented member of every answer is
// there, or excused in omitted.txt.
func TestAsBoto3SeesIt(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3").CombinedOutput(); err != nil {
		t.Skipf("no boto3 here: %v\n%s", err, out)
	}
	r := &rig{t: t, driver: newFakeDriver()}
	store, err := cloud.Open("", cloud.Clock{Speed: 1e4})
	if err != nil {
		t.Fatal(err)
	}
	r.store = store
	r.ec2 = ec2.New(ec2.Config{Store: store, Driver: r.driver, Settings: ec2.Settings{LaunchDelay: time.Nanosecond}})
	r.settle(ec2.World{
		{Account: "vendor", Region: home, Images: []ec2.WorldImage{
			{Name: "plain"}, {Name: "product", ProductCode: "abc", Description: "d"}, {Name: "broken", Failed: true},
		}},
		{Account: "vendor", Region: "us-west-2", RecycleBin: ec2.Age(time.Hour), Images: []ec2.WorldImage{{Name: "binned-{n}", Count: 2, Description: "d"}}},
	})
	srv := httptest.NewServer(wire.NewServer(store, false, r.ec2.Service()))
	t.Cleanup(srv.Close)
	out, err := exec.CommandContext(t.Context(), "python3", "testdata/stranger.py", srv.URL, "omitted.txt").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text := strings.TrimSpace(string(out)); text != "" {
		t.Errorf("members that are neither returned nor excused:\n%s", text)
	}
}
