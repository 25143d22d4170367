package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/quotas"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/ssm"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// world has what the scenarios need beside the defaults.
const world = `
accounts:
  - name: vendor
    id: "123456789012"
    roles:
      - {name: ingestion, trust: [assets.marketplace.amazonaws.com]}
      - {name: pipeline, web_identity: [{provider: "https://gitlab.example.com", subjects: ["project_path:group/*"]}]}
    oidc_providers: [{url: "https://gitlab.example.com", audiences: ["https://gitlab.example.com"]}]
  - name: customer
    id: "210987654321"
    roles: [{name: guest, trust: [vendor]}]
  - name: meek
    id: "111122223333"
    keys: [{deny: ["ec2:*", "ssm:*", "sts:*", "servicequotas:*", "aws-marketplace:*"]}]
ec2:
  - {account: vendor, region: us-east-1, images: [{name: failed, failed: true, created: 1d}, {name: launched, last_launched: 3d, created: 9d}, {name: used, created: 9d, used_by: {customer: 2, meek: 1}}]}
  - {account: vendor, region: us-west-2, recycle_bin: 7d, images: [{name: "kept", description: in the bin, count: 6, created: 9d}]}
  - {account: marketplace, region: us-east-1, images: [{name: sold, public: true, product_code: abcdefghijklmnopqrstuvwxy, created: 9d}]}
  - {account: vendor, region: us-east-1, images: [{name: listing, created: 1d}]}
marketplace:
  products:
    - {id: prod-aaaaaaaaaaaaa, title: Shown Thing, account: vendor, versions: [{title: "1.0", created: 9d}]}
    - {id: prod-bbbbbbbbbbbbb, title: Sold Thing, account: vendor, regions: [us-east-1], subscribers: [customer], versions: [{title: "1.0", created: 9d}]}
  outcomes:
    - {product: prod-aaaaaaaaaaaaa, preparing: 10000h, times: 1}
    - {product: prod-bbbbbbbbbbbbb, preparing: 10000h, times: 1}
settings:
  marketplace: {preparing: 1us, applying: 1us}
  ec2: {launch_delay: 1ms, copy_image: 1ms, create_image: 1ms, usage_report: 1ms}
`

// start runs a sandbox until the test ends, and returns the environment that
// points clients at it.
func start(t *testing.T) []string {
	t.Helper()
	box := sandboxtest.Start(t, world)
	url, state := box.URL, box.State()
	env := append(os.Environ(), "SANDBOX_URL="+url, "SANDBOX_STATE="+state, "AWS_ENDPOINT_URL="+url,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=",
		"PYTHONDONTWRITEBYTECODE=1")
	for _, account := range []string{"vendor", "customer"} {
		who := box.Key(t, account)
		name := strings.ToUpper(account)
		env = append(env, name+"_KEY="+who.KeyID, name+"_SECRET="+who.SecretKey)
	}
	return env
}

// need fails with what to install: a check that can be missing unnoticed is none.
func need(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s\nthe conformance tests need python3, boto3 and the AWS CLI: `make setup` installs them", program, strings.Join(args, " "), err, out)
	}
}

// run executes a script of this directory and returns what it printed. It must
// succeed.
func run(t *testing.T, stdin []byte, program, script string) string {
	t.Helper()
	out, err := try(t, stdin, program, script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

func try(t *testing.T, stdin []byte, program, script string) (string, error) {
	t.Helper()
	env := start(t)
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, path)
	cmd.Env, cmd.Dir, cmd.Stdin = env, t.TempDir(), bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

type service struct {
	Operations []string `json:"operations"`
	Omitted    string   `json:"omitted"`
}

// services are named as botocore names them.
func services(t *testing.T) map[string]service {
	all := map[string]service{}
	for name, svc := range map[string]wire.Service{
		"ec2": ec2.New(ec2.Config{}).Service(), "sts": sts.Service(), "service-quotas": quotas.Service(), "ssm": ssm.New(ssm.Config{}).Service(),
		"marketplace-catalog": marketplace.New(marketplace.Config{}).Service(),
	} {
		dir := strings.TrimSuffix(strings.TrimPrefix(name, "service-"), "-catalog")
		path, err := filepath.Abs(filepath.Join("..", dir, "omitted.txt"))
		if err != nil {
			t.Fatal(err)
		}
		s := service{Omitted: path}
		for _, op := range svc.Operations {
			s.Operations = append(s.Operations, op.Name)
		}
		all[name] = s
	}
	return all
}

// TestEveryMember: each documented member of an answer is seen, or left out for
// a reason.
func TestEveryMember(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	in, err := json.Marshal(services(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(run(t, in, "python3", "check.py"))
}

// TestTheCheckSees: a gap of each kind makes the check fail, and an operation
// that botocore does not know is counted.
func TestTheCheckSees(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	omitted := filepath.Join(t.TempDir(), "omitted.txt")
	if err := os.WriteFile(omitted, []byte("# a list\nGetCallerIdentity Ar*  is said to be missing\nAssumeRole Colour  is not documented\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(map[string]service{"sts": {Omitted: omitted, Operations: []string{"GetCallerIdentity", "AssumeRole", "GetFederationToken", "MakeCoffee"}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := try(t, in, "python3", "check.py")
	if err == nil {
		t.Error("the check succeeds")
	}
	for _, want := range []string{
		"sts AssumeRole: PackedPolicySize was never seen",
		"sts GetCallerIdentity: Arn is listed as left out, but was seen",
		"sts GetFederationToken: no call of it succeeded",
		"note: sts: 1 operations that this botocore does not know: MakeCoffee",
		"note: sts: 1 entries of the list name what this botocore does not document: AssumeRole Colour",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the check does not say %q:\n%s", want, out)
		}
	}
}

// TestErrorCodes: boto3 sees AWS's codes.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	t.Log(run(t, nil, "python3", "errors.py"))
}

// TestLifeOfAnImage: the AWS CLI builds, copies, shares, publishes and removes
// an image, and a stranger finds and starts it.
func TestLifeOfAnImage(t *testing.T) {
	t.Parallel()
	need(t, "aws", "--version")
	if out := run(t, nil, "sh", "life.sh"); !strings.HasSuffix(out, "all gone\n") {
		t.Errorf("it did not come to its end:\n%s", out)
	}
}

// TestLifeOfAVersion: boto3 and the AWS CLI list, describe, start, cancel and
// restrict at the Marketplace Catalog.
func TestLifeOfAVersion(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	need(t, "aws", "--version")
	for program, script := range map[string]string{"python3": "listing.py", "sh": "listing.sh"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			if out := run(t, nil, program, script); !strings.HasSuffix(out, "restricted\n") {
				t.Errorf("it did not come to its end:\n%s", out)
			}
		})
	}
}
