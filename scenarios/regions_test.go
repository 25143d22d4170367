package scenarios

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// nineteen are the regions that the first customer releases to.
var nineteen = strings.Fields(`us-east-1 us-east-2 us-west-1 us-west-2 ap-east-1 ap-northeast-1 ap-northeast-2
	ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-south-1
	eu-west-1 eu-west-2 eu-west-3 sa-east-1`)

var regionsLine = regexp.MustCompile(`(?m)^  required: \[.*\]$`)

// nineteenRegions is the bundle with that many regions and no parameters: one
// public image with one shared account. bestEffort is taken from the required ones.
func nineteenRegions(t *testing.T, bestEffort string) string {
	t.Helper()
	file := instantBundle(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, r := range nineteen {
		if r != bestEffort {
			required = append(required, r)
		}
	}
	line := "  required: [" + strings.Join(required, ", ") + "]"
	if bestEffort != "" {
		line += "\n  best_effort: [" + bestEffort + "]"
	}
	out := regionsLine.ReplaceAllString(string(text), line)
	out = regexp.MustCompile(`(?m)^    parameters:\n(      - .*\n)+`).ReplaceAllString(out, "")
	if strings.Contains(out, "parameters:") || !strings.Contains(out, "sa-east-1") {
		t.Fatal("the example has changed: adapt this test")
	}
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// outage answers 500 for one region, while it is on.
func outage(t *testing.T, target, region string, on *atomic.Bool) string {
	t.Helper()
	proxy := forward(t, target)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on.Load() && strings.Contains(r.Header.Get("Authorization"), "/"+region+"/") {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// amiship runs a command in a sandbox's account and returns its exit code and
// what it printed.
func amiship(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	return ends(t, cmd)
}

// ends runs a command to its end.
func ends(t *testing.T, cmd *exec.Cmd) (code int, out string) {
	t.Helper()
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// lister prints the own AMIs of regions: boto3 knows nothing of Amiship.
const lister = `
import boto3, json, os, sys
url = os.environ["AWS_ENDPOINT_URL"] # Debian's boto3 does not read it itself
out = {}
session = boto3.Session()
for region in sys.argv[1:]:
    images = session.client("ec2", region_name=region, endpoint_url=url).describe_images(Owners=["self"])["Images"]
    out[region] = [{"ID": i["ImageId"], "Name": i["Name"], "Public": i["Public"]} for i in images]
print(json.dumps(out))
`

type listed struct {
	ID, Name string
	Public   bool
}

// images are the own AMIs of an account, by region.
func images(t *testing.T, env []string) map[string][]listed {
	t.Helper()
	cmd := exec.Command("python3", append([]string{"-c", lister}, nineteen...)...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list AMIs with boto3: %v", err)
	}
	var list map[string][]listed
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// count is how many of a region's AMIs are the release's, and how many public.
func count(list []listed) (released, public int) {
	for _, i := range list {
		if i.Name == "Prometheus 2.42.0" {
			released++
		}
		if i.Public {
			public++
		}
	}
	return released, public
}

// startAt starts a sandbox with instant machines.
func startAt(t *testing.T, args ...string) *box {
	t.Helper()
	return startBox(t, filepath.Join(t.TempDir(), "state"), append([]string{"--driver", "instant", "--speed", "1000"}, args...)...)
}

// worldBox starts one from a world.
func worldBox(t *testing.T, world string, args ...string) *box {
	t.Helper()
	return startAt(t, append(args, "--world", worldFile(t, world))...)
}

// worldFile is a file with a world in it.
func worldFile(t *testing.T, world string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.yaml")
	writeFile(t, path, world)
	return path
}

// TestRequiredRegionDown: the other 18 get their AMIs, nothing is public, the
// exit code says so; when the region is back, the same command finishes.
func TestRequiredRegionDown(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	var down atomic.Bool
	down.Store(true)
	via := outage(t, b.url, "eu-south-1", &down)
	file := nineteenRegions(t, "")
	release := []string{"release", "v2.42.0", "--file", file, "--poll", "200ms", "--wait", "1m"}
	code, out := amiship(t, b.env(t, "vendor", via), release...)
	if code != 20 || !strings.Contains(out, "eu-south-1") || !strings.Contains(out, "BLOCKED") {
		t.Fatalf("exit %d, want 20 and the region named:\n%s", code, out)
	}
	direct := b.env(t, "vendor", "")
	for r, list := range images(t, direct) {
		released, public := count(list)
		if want := map[bool]int{true: 0, false: 1}[r == "eu-south-1"]; released != want || public != 0 {
			t.Errorf("%s has %d AMIs of the release, %d public; want %d, none public", r, released, public, want)
		}
	}
	down.Store(false)
	if code, out := amiship(t, b.env(t, "vendor", via), release...); code != 0 {
		t.Fatalf("the same command, with the region back: exit %d\n%s", code, out)
	}
	for r, list := range images(t, direct) {
		if released, public := count(list); released != 1 || public != 1 || len(list) != 1 {
			t.Errorf("%s has %v, want one public AMI", r, list)
		}
	}
}

// TestBestEffortRegionDown: the release completes, the region is skipped.
func TestBestEffortRegionDown(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	var down atomic.Bool
	down.Store(true)
	via := outage(t, b.url, "eu-south-1", &down)
	code, out := amiship(t, b.env(t, "vendor", via), "release", "v2.42.0", "--file", nineteenRegions(t, "eu-south-1"), "--poll", "200ms", "--wait", "1m")
	if code != 0 || !strings.Contains(out, "skipped") || !strings.Contains(out, "18 of 19") {
		t.Errorf("exit %d, want 0 and the region skipped:\n%s", code, out)
	}
	if list := images(t, b.env(t, "vendor", ""))["us-east-1"]; len(list) != 1 {
		t.Errorf("the build region has %v, want the public AMI alone", list)
	}
}

// TestPlanOfAFinishedRelease counts calls: at most four per region, images by tags and by
// names, and both attributes; and takes one permission away by hand, which the plan finds.
func TestPlanOfAFinishedRelease(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	file := nineteenRegions(t, "")
	env := b.env(t, "vendor", "")
	if code, out := amiship(t, env, "release", "v2.42.0", "--file", file, "--poll", "200ms"); code != 0 {
		t.Fatalf("release: exit %d\n%s", code, out)
	}
	before := len(b.calls(t, 0))
	if code, out := amiship(t, env, "plan", "v2.42.0", "--file", file, "--exit-code"); code != 0 {
		t.Fatalf("plan of a finished release: exit %d, want 0\n%s", code, out)
	}
	perRegion := map[string]int{}
	for _, c := range b.calls(t, before) {
		if perRegion[c.Region]++; perRegion[c.Region] > 4 {
			t.Errorf("%s: more than four calls (%s)", c.Region, c.Action)
		}
	}
	if len(perRegion) != len(nineteen) {
		t.Errorf("looked at %d regions, want %d", len(perRegion), len(nineteen))
	}
	takeAway(t, env, "ap-northeast-3")
	code, out := amiship(t, env, "plan", "v2.42.0", "--file", file, "--exit-code", "--steps")
	if code != 3 || !strings.Contains(out, "share/prometheus/amd64/ap-northeast-3") {
		t.Errorf("a permission revoked in ap-northeast-3: exit %d\n%s", code, out)
	}
}

// takeAway removes the launch permissions of the accounts in one region.
func takeAway(t *testing.T, env []string, region string) {
	t.Helper()
	ids := images(t, env)[region]
	if len(ids) != 1 {
		t.Fatalf("%s has %v", region, ids)
	}
	awsCLI(t, env, "ec2", "modify-image-attribute", "--region", region, "--image-id", ids[0].ID, "--launch-permission", "Remove=[{UserId=679593333241}]")
}
