package scenarios

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// paidImage is what a bundle has for Marketplace: an image with a license, that
// is sold, and a listing of the public one for arm64, which is another product.
const paidImage = `
  paid:
    arch: [amd64]
    name: "Prometheus Pro {version}"
    license: {env: MARKED_LICENSE}
    checks: [{run: "true"}]

listings:
  pro: &listing
    product: prod-prometheuspro
    image: paid/amd64
    title: "Prometheus Pro {version}"
    release_notes: "https://prometheus.io/"
    usage_instructions: Open port 9090 of the instance in a browser.
    access_role_arn: "arn:aws:iam::123456789012:role/ingestion"
    operating_system: {name: DEBIAN, version: "12"}
    security_groups: [{protocol: tcp, from_port: 9090, ip_ranges: ["0.0.0.0/0"]}]
  arm:
    <<: *listing
    product: prod-prometheusarm
    image: prometheus/arm64
    title: "Prometheus {version} for ARM"
`

// shopWorld is a world with the products of these listings. Their change sets take
// 26 hours, also on a clock that makes all a thousand times shorter.
const shopWorld = `
accounts:
  - name: vendor
    id: "123456789012"
    roles:
      - {name: ingestion, trust: [assets.marketplace.amazonaws.com]}
      - name: release
        web_identity:
          - provider: https://gitlab.example.com
            subjects: ["project_path:group/prometheus:ref_type:tag:ref:v*", "project_path:group/prometheus:ref_type:branch:ref:main"]
    oidc_providers: [{url: "https://gitlab.example.com", audiences: ["https://gitlab.example.com"]}]
marketplace:
  products:
    - {id: prod-prometheuspro, title: Prometheus Pro, account: vendor, architecture: amd64}
    - {id: prod-prometheusarm, title: Prometheus for ARM, account: vendor, architecture: arm64}
  outcomes:
    - {preparing: 20000h, applying: 5990h}
`

// passing runs jobs while half an hour passes on AWS, once all change sets are there:
// they end as they do when what they wait for takes longer.
func (b *box) passing(r *runner) func(t *testing.T, jobs []ciJob, source, tag string) []ciResult {
	return func(t *testing.T, jobs []ciJob, source, tag string) []ciResult {
		t.Helper()
		ended, passed := make(chan struct{}), make(chan bool, 1)
		go func() { passed <- b.afterSubmission(ended) }()
		results := r.run(t, jobs, source, tag)
		close(ended)
		if !<-passed {
			t.Errorf("%s did not wait for Marketplace\n%s", results[0].job.name, results[0].out)
		}
		return results
	}
}

// afterSubmission moves the clock by half an hour when both change sets are there and
// were looked at since; and again whenever they were looked at some more, as a run
// counts its wait only from where nothing else is left to do. It reports whether
// they were, before ended.
func (b *box) afterSubmission(ended <-chan struct{}) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	before, moved := strings.Count(b.callLog(), listsChangeSets), false
	for {
		select {
		case <-ended:
			return moved
		case <-tick.C:
		}
		log := b.callLog()
		submitted, looked := strings.Count(log, `"Action":"StartChangeSet"`), strings.Count(log, listsChangeSets)
		if submitted < 2 || looked < before+4 {
			continue
		}
		if err := exec.Command(program, "sandbox", "advance", "31m", "--state", b.state).Run(); err != nil {
			return false
		}
		before, moved = looked, true
	}
}

const (
	listsChangeSets = `"Action":"ListChangeSets"`
	copiesImage     = `"Action":"CopyImage"`
)

// onSale asks Marketplace how many versions each product has, whoever may see
// them, and who may: they are all public.
func onSale(t *testing.T, r *runner, want int) {
	t.Helper()
	for _, product := range []string{"prod-prometheuspro", "prod-prometheusarm"} {
		out := awsCLI(t, r.env, "marketplace-catalog", "describe-entity", "--region", "us-east-1",
			"--catalog", "AWSMarketplace", "--entity-id", product, "--query", "Details", "--output", "text")
		var p struct {
			Versions []struct {
				VersionTitle    string
				DeliveryOptions []struct{ Visibility string }
			}
		}
		if err := json.Unmarshal([]byte(out), &p); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if len(p.Versions) != want {
			t.Errorf("%s has the versions %v, want %d", product, p.Versions, want)
		}
		for _, v := range p.Versions {
			if len(v.DeliveryOptions) != 1 || v.DeliveryOptions[0].Visibility != "Public" {
				t.Errorf("%s has the version %v, want it public", product, v)
			}
		}
	}
}

// TestLookAgain: a release that was only built and tested waits for whoever
// approves of publishing it, and the schedule leaves it alone. One whose job was
// killed while it copied is resumed, to the listings, without a secret.
func TestLookAgain(t *testing.T) {
	t.Parallel()
	b := worldBox(t, shopWorld)
	r, m := pipelineRunner(t, b)
	jobs := r.pipeline(t, "push", "v2.42.0")
	for _, stage := range []string{"check", "build"} {
		for _, got := range r.run(t, jobs[stage], "push", "v2.42.0") {
			checkJob(t, got)
		}
	}
	before := worldOf(t, b)
	lookAgain(t, b, r, m, 0)
	sameWorld(t, before, worldOf(t, b))

	r.killed(t, jobs["publish"][0], "v2.42.0", func() bool { return strings.Count(b.callLog(), copiesImage) >= 3 })
	if _, public := ours(t, r.env, "eu-west-1"); public != 0 {
		t.Errorf("%d AMIs are public when the job is killed", public)
	}
	lookAgain(t, b, r, m, 75)
	if _, public := ours(t, r.env, "eu-west-1"); public != 2 {
		t.Errorf("%d AMIs are public after the schedule, want two", public)
	}
	b.advance(t, 26*time.Hour)
	lookAgain(t, b, r, m, 0)
	isPublic(t, r)
	onSale(t, r, 1)
}

// killed runs a job until it is time to kill it, with all that it has started.
func (r *runner) killed(t *testing.T, job ciJob, tag string, reached func() bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(r.repo)); err != nil {
		t.Fatal(err)
	}
	var out output
	cmd := shell(job, dir, slices.Concat(r.variables(job, dir, "push", tag), []string{"XDG_CACHE_HOME=" + t.TempDir()}))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case err := <-ended:
			t.Fatalf("%s ended before it could be killed: %v\n%s", job.name, err, out.String())
		case <-tick.C:
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
}
