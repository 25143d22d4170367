package scenarios

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"

	"amiship/sandbox/wire/wiretest"
)

// currentCalls are the calls of a build by current Packer. The file says how they are
// written.
//
//go:embed testdata/packer-1.16.calls
var currentCalls string

// recorded is one of these calls.
type recorded struct {
	full                        bool // made for what Amiship's template does not have
	region, action              string
	params                      [][2]string
	takes                       [][2]string // variable, and element of the answer
	untilElement, untilSaysThis string
}

func readCalls(text string) (out []recorded, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch words := strings.Fields(line); {
		case len(words) == 0 || words[0] == "#":
		case !strings.HasPrefix(line, " ") && len(words) == 3:
			out = append(out, recorded{full: words[0] == "full", region: words[1], action: words[2]})
		case len(out) == 0:
			return nil, fmt.Errorf("%q belongs to no call", line)
		default:
			if err := out[len(out)-1].add(strings.TrimSpace(line)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (r *recorded) add(line string) error {
	if text, ok := strings.CutPrefix(line, "take "); ok {
		name, element, _ := strings.Cut(text, "=")
		r.takes = append(r.takes, [2]string{name, element})
	} else if text, ok := strings.CutPrefix(line, "until "); ok {
		r.untilElement, r.untilSaysThis, _ = strings.Cut(text, "=")
	} else if name, value, ok := strings.Cut(line, ": "); ok {
		r.params = append(r.params, [2]string{name, value})
	} else {
		return fmt.Errorf("what does %q mean?", line)
	}
	return nil
}

// replay makes recorded calls again.
type replay struct {
	cfg    aws.Config
	url    string
	vars   map[string]string
	tags   map[string]map[string]string // by variable
	signer *v4.Signer
}

// newReplay takes credentials and endpoint from the environment, as Packer does.
func newReplay(ctx context.Context) (*replay, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	cfg.HTTPClient = wiretest.Eager{} // not before: it can't take AWS_CA_BUNDLE
	return &replay{
		cfg: cfg, url: os.Getenv("AWS_ENDPOINT_URL"), signer: v4.NewSigner(),
		vars: map[string]string{"token": rand.Text(), "key": "packer_" + rand.Text(), "group_name": "packer_" + rand.Text()},
	}, err
}

var variable = regexp.MustCompile(`\{([a-z_ ]+)\}`)

// expand puts values in the place of variables.
func (p *replay) expand(text string) (_ string, err error) {
	out := variable.ReplaceAllStringFunc(text, func(word string) string {
		value, known := p.vars[strings.Trim(word, "{}")]
		if !known {
			err = fmt.Errorf("%s has no value", word)
		}
		return value
	})
	return out, err
}

// form is what a call sends.
func (p *replay) form(call recorded) (url.Values, error) {
	form := url.Values{"Action": {call.action}, "Version": {"2016-11-15"}}
	for _, param := range call.params {
		if tags, ok := p.tags[strings.Trim(param[1], "{}")]; ok {
			for i, key := range slices.Sorted(maps.Keys(tags)) {
				n := param[0] + "." + strconv.Itoa(i+1)
				form.Set(n+".Key", key)
				form.Set(n+".Value", tags[key])
			}
			continue
		}
		value, err := p.expand(param[1])
		if err != nil {
			return nil, err
		}
		form.Set(param[0], value)
	}
	return form, nil
}

// send makes a call, once.
func (p *replay) send(ctx context.Context, call recorded) (string, error) {
	region, err := p.expand(call.region)
	if err != nil {
		return "", err
	}
	form, err := p.form(call)
	if err != nil {
		return "", err
	}
	body := []byte(form.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	cred, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	if err := p.signer.SignHTTP(ctx, cred, req, hex.EncodeToString(sum[:]), "ec2", region, time.Now()); err != nil {
		return "", err
	}
	resp, err := wiretest.Eager{}.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s in %s: %s: %s", call.action, region, resp.Status, text)
	}
	return string(text), err
}

// make makes a call, as often as it takes, and keeps what later ones need.
func (p *replay) make(ctx context.Context, call recorded) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("%s: no %s is %s", call.action, call.untilElement, call.untilSaysThis))
	defer cancel()
	for {
		answer, err := p.send(ctx, call)
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if call.untilElement == "" || strings.Contains(answer, "<"+call.untilElement+">"+call.untilSaysThis+"<") {
			return p.take(call, answer)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *replay) take(call recorded, answer string) error {
	for _, take := range call.takes {
		_, rest, found := strings.Cut(answer, "<"+take[1]+">")
		value, _, _ := strings.Cut(rest, "<")
		if !found {
			return fmt.Errorf("%s: no %s in %s", call.action, take[1], answer)
		}
		p.vars[take[0]] = value
	}
	return nil
}

// run makes all calls, or those that every build makes.
func (p *replay) run(ctx context.Context, full bool) error {
	calls, err := readCalls(currentCalls)
	if err != nil {
		return err
	}
	for _, call := range calls {
		if call.full && !full {
			continue
		}
		if err := p.make(ctx, call); err != nil {
			return err
		}
	}
	return nil
}

// currentPacker is what this test binary is under the name packer: it makes the calls of
// Packer 1.16 for the template's variables, and provisions nothing.
func currentPacker(args []string) error {
	if args[0] == "version" {
		fmt.Println("Packer v1.16.0")
		return nil
	}
	ctx := context.Background()
	p, err := newReplay(ctx)
	if err != nil {
		return err
	}
	vars, err := templateVars(args)
	if err != nil {
		return err
	}
	manifest, _ := vars["manifest"].(string)
	p.tags = map[string]map[string]string{}
	for name, value := range vars {
		if tags, ok := value.(map[string]any); ok {
			p.tags[name] = texts(tags)
			continue
		}
		p.vars[name] = fmt.Sprint(value)
	}
	for ours, packers := range map[string]string{"ami_name": "name", "source_ami": "source", "ssh_keypair_name": "key", "security_group_id": "group"} {
		p.vars[packers] = p.vars[ours]
	}
	if err := p.run(ctx, false); err != nil {
		return err
	}
	text := fmt.Sprintf(`{"builds": [{"artifact_id": "%s:%s", "packer_run_uuid": "one"}], "last_run_uuid": "one"}`, p.vars["region"], p.vars["image"])
	return os.WriteFile(manifest, []byte(text), 0o600)
}

func texts(values map[string]any) map[string]string {
	out := map[string]string{}
	for name, value := range values {
		out[name] = fmt.Sprint(value)
	}
	return out
}

// templateVars are the variables that Packer is given in a file.
func templateVars(args []string) (vars map[string]any, err error) {
	for _, arg := range args {
		if file, ok := strings.CutPrefix(arg, "-var-file="); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			return vars, json.Unmarshal(text, &vars)
		}
	}
	return nil, fmt.Errorf("no variables in %q", args)
}

// TestEveryCallOfCurrentPacker: all that the recorded build asked works, and nothing is
// left of it but the three AMIs with their snapshots, and for an hour the instance.
func TestEveryCallOfCurrentPacker(t *testing.T) {
	world := filepath.Join(t.TempDir(), "world.yaml")
	writeFile(t, world, "ec2: [{account: amazon, region: us-east-1, images: [{name: amzn-ami-hvm-2018.03.0, public: true, created: 9d}]}]\n")
	b := startBox(t, filepath.Join(t.TempDir(), "state"), "--driver", "instant", "--speed", "1000", "--world", world)
	env := b.env(t, "vendor", "")
	for _, kv := range env {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value)
		}
	}
	p, err := newReplay(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(p.vars, map[string]string{
		"name": "recorded", "region": "us-east-1", "root_device": "/dev/xvda", "disk_size": "8", "disk_type": "gp2", "instance_type": "t3.micro",
	})
	p.tags = map[string]map[string]string{
		"tags": {"Name": "x", "Version": "1"}, "run_tags": {"Name": "builder"}, "snapshot_tags": {"A": "b"},
	}
	if err := p.run(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for region, want := range map[string]string{"us-east-1": "image instance snapshot", "eu-west-1": "image snapshot", "us-west-2": "image snapshot"} {
		types := awsCLI(t, env, "ec2", "describe-tags", "--region", region, "--query", "Tags[].ResourceType", "--output", "text")
		kinds := strings.Join(slices.Compact(slices.Sorted(slices.Values(strings.Fields(types)))), " ")
		if kinds != want {
			t.Errorf("in %s there are tags of %s, want %s", region, kinds, want)
		}
	}
	for _, list := range []string{"describe-key-pairs", "describe-volumes"} {
		if got := awsCLI(t, env, "ec2", list, "--region", "us-east-1", "--query", "length(*[0])"); got != "0" {
			t.Errorf("%s: %s are left", list, got)
		}
	}
}

// TestCurrentPacker releases the example with the calls that Packer 1.16 makes, which
// tags the network interface, and verifies it at once.
func TestCurrentPacker(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tools := t.TempDir()
	if err := os.Symlink(self, filepath.Join(tools, "packer")); err != nil {
		t.Fatal(err)
	}
	b := startBox(t, filepath.Join(t.TempDir(), "state"), "--driver", "instant", "--speed", "1000")
	env := append(b.env(t, "vendor", ""), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	file := instantBundle(t)
	for _, args := range [][]string{{"check"}, {"release", "--poll", "200ms"}, {"verify", "--as", "customer"}, {"plan", "--exit-code"}} {
		args = append([]string{args[0], "v2.42.0", "--file", file}, args[1:]...)
		if code, out := amiship(t, env, args...); code != 0 {
			t.Fatalf("%s: exit %d\n%s", args[0], code, out)
		}
	}
	if got := awsCLI(t, env, "ec2", "describe-instances", "--region", "us-east-1", "--query", "length(Reservations[].Instances[?MetadataOptions.HttpPutResponseHopLimit==`1`][])"); got == "0" {
		t.Error("no instance is described: this proves nothing about what goes with one")
	}
}
