package scenarios

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pipelineBundle is a repository whose releases have two architectures, packages
// for a token only, a second image with a license, and two listings, one for each
// architecture; with the pipeline that amiship writes for it.
func pipelineBundle(t *testing.T, m marks) (repo string) {
	t.Helper()
	file := instantBundle(t)
	repo = filepath.Dir(file)
	debs := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		servedDeb(t, filepath.Join(debs, arch+".deb"), "2.42.0", arch)
	}
	url := forToken(t, m.token, http.FileServer(http.Dir(debs)))
	packageFrom(t, file, `{url: "`+url+`/{arch}.deb", headers: {JOB-TOKEN: {env: MARKED_TOKEN}}, sha256: {url: "{url}.sha256"}}`)
	replaceIn(t, file, "    arch: [amd64]\n", "    arch: [amd64, arm64]\n")
	replaceIn(t, file, "    name: \"Prometheus {version}\"\n", "    name: \"Prometheus {version} ({arch})\"\n")
	appendTo(t, file, paidImage)
	writePipeline(t, repo)
	return repo
}

// writePipeline has amiship write the pipeline. It keeps one that is there.
func writePipeline(t *testing.T, repo string) {
	t.Helper()
	for _, want := range []string{"written", "kept"} {
		cmd := exec.CommandContext(t.Context(), program, "pipeline", "gitlab", "--output", ".gitlab-ci.yml")
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), want) {
			t.Fatalf("%v, want it %s: %s", err, want, out)
		}
	}
}

// pipelineRunner is a runner of a bundle's pipeline. Its jobs have no keys of AWS: they log in with
// the token of their GitLab. Only builds are given secrets.
func pipelineRunner(t *testing.T, b *box) (*runner, marks) {
	t.Helper()
	m := newMarks()
	env := b.env(t, "vendor", "")
	env[0] = "PATH=" + filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH")
	r := newRunner(t, pipelineBundle(t, m), ".gitlab-ci.yml", env)
	r.keyless = []string{"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/release"}
	r.idToken = func(subject string) string {
		return strings.TrimSpace(b.run(t, "sandbox", "token", "--state", b.state, "--subject", "project_path:group/prometheus:"+subject, "--for", "3h"))
	}
	r.scoped = map[string][]string{"aws/build": {"MARKED_TOKEN=" + m.token, "MARKED_LICENSE=" + m.license}}
	return r, m
}

// old is a world in which the quota of public AMIs is used up in one region.
const old = "ec2:\n  - {account: vendor, region: eu-west-1, images: [{name: \"Old {n}\", count: 5, public: true}]}\n"

// TestPipeline runs every job of a tag's pipeline, in the order of stages: the
// release is complete at its end, but for what Marketplace takes a day for, and
// each job has left what it should. A quota that is used up ends the first try
// before anything is built. The first try to publish lacks a permission: the job
// says so, and the same job, started again, goes on. The schedule looks again,
// and ends what the pipeline began.
func TestPipeline(t *testing.T) {
	t.Parallel()
	b := worldBox(t, old+shopWorld)
	r, m := pipelineRunner(t, b)
	jobs := r.pipeline(t, "push", "v2.42.0")
	for _, stage := range r.stages {
		switch stage {
		case "check":
			for _, got := range r.run(t, jobs[stage], "push", "v2.42.0") {
				if all, _ := ours(t, r.env, "us-east-1"); got.code != 20 || all != 0 || !strings.Contains(got.out, "quota/eu-west-1") {
					t.Errorf("%s without quota: exit %d, %d AMIs, want 20 and none\n%s", got.job.name, got.code, all, got.out)
				}
			}
			freeCapacity(t, r.env)
		case "publish":
			b.run(t, "sandbox", "fault", "--state", b.state, "--region", "eu-west-1", "--action", "ModifyImageAttribute", "--status", "403", "--code", "UnauthorizedOperation")
			for _, got := range r.run(t, jobs[stage], "push", "v2.42.0") {
				if got.code != 1 || junitOf(t, got).Failures != 2 || len(amisOf(t, got)) != 12 {
					t.Errorf("%s without a permission: exit %d, want 1, two failures and twelve AMIs\n%s", got.job.name, got.code, got.out)
				}
			}
			b.run(t, "sandbox", "fault", "--state", b.state, "--off")
		}
		run := r.run
		if stage == "listing" {
			run = b.passing(r)
		}
		for _, got := range run(t, jobs[stage], "push", "v2.42.0") {
			checkJob(t, got)
			checkSecrets(t, m, got)
		}
		loggedIn(t, b)
		want := 2
		if stage == "check" || stage == "build" {
			want = 0
		}
		if _, public := ours(t, r.env, "eu-west-1"); public != want {
			t.Errorf("after stage %s %d AMIs are public in eu-west-1, want %d", stage, public, want)
		}
	}
	onSale(t, r, 0)
	lookAgain(t, b, r, m, 75)
	onSale(t, r, 0)
	b.advance(t, 26*time.Hour)
	lookAgain(t, b, r, m, 0)
	isPublic(t, r)
	lookAgain(t, b, r, m, 0)
	onSale(t, r, 1)
}

// loggedIn: what jobs did, they did in sessions of the pipeline's role, and Packer too, which asks
// for offered types and launches.
func loggedIn(t *testing.T, b *box) {
	t.Helper()
	text := b.callLog()
	for line := range strings.Lines(text) {
		var call struct{ Action, Key, Code string }
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			t.Fatal(err)
		}
		if call.Action == "RunInstances" && !strings.HasPrefix(call.Key, "ASIA") {
			t.Errorf("%s was called with the key %s", call.Action, call.Key)
		}
	}
	if !strings.Contains(text, `"AssumeRoleWithWebIdentity"`) {
		t.Error("no job logged in with a token")
	}
}

// lookAgain runs the jobs of the schedule, which end with want. None of them is
// given a secret, and while they wait time passes.
func lookAgain(t *testing.T, b *box, r *runner, m marks, want int) {
	t.Helper()
	for _, jobs := range r.pipeline(t, "schedule", "") {
		run := r.run
		if want == 75 {
			run = b.passing(r)
		}
		for _, got := range run(t, jobs, "schedule", "") {
			if got.code != want && !(got.code == 0 && got.job.name == "amiship:sweep") { // it waits for nothing
				t.Errorf("%s: exit %d, want %d\n%s", got.job.name, got.code, want, got.out)
			}
			checkSecrets(t, m, got)
		}
	}
}

// checkSecrets: only builds get secrets. No job shows them.
func checkSecrets(t *testing.T, m marks, got ciResult) {
	t.Helper()
	if m.in([]byte(got.out)) {
		t.Errorf("%s shows a secret", got.job.name)
	}
	builds := strings.HasPrefix(got.job.name, "amiship:build:")
	if given := m.in([]byte(strings.Join(got.env, "\n"))); given != builds {
		t.Errorf("%s is given secrets: %v, want %v", got.job.name, given, builds)
	}
}

// freeCapacity deregisters two of the old AMIs.
func freeCapacity(t *testing.T, env []string) {
	t.Helper()
	gone := 0
	for _, i := range images(t, env)["eu-west-1"] {
		if !strings.HasPrefix(i.Name, "Old ") || gone == 2 {
			continue
		}
		awsCLI(t, env, "ec2", "deregister-image", "--region", "eu-west-1", "--image-id", i.ID)
		gone++
	}
}

// ours is how many AMIs of the release, or for it, a region has.
func ours(t *testing.T, env []string, region string) (all, public int) {
	t.Helper()
	return countOurs(images(t, env)[region])
}

func countOurs(list []listed) (all, public int) {
	for _, i := range list {
		if strings.HasPrefix(i.Name, "Old ") {
			continue
		}
		all++
		if i.Public {
			public++
		}
	}
	return all, public
}

// isPublic asks AWS itself, and a plan, whether the release is complete.
func isPublic(t *testing.T, r *runner) {
	t.Helper()
	list := images(t, r.env)
	for _, region := range []string{"us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"} {
		if all, public := countOurs(list[region]); all != 3 || public != 2 {
			t.Errorf("%s has %d AMIs, %d public; want three, two of them public", region, all, public)
		}
	}
	if code, out := amiship(t, r.env, "plan", "v2.42.0", "--exit-code", "--file", filepath.Join(r.repo, "amiship.yaml")); code != 0 {
		t.Errorf("plan: exit %d\n%s", code, out)
	}
}

// TestPipelineOfAnotherProject: jobs of a project, a branch or for an audience that the role does not
// trust do not log in, and the first one says so.
func TestPipelineOfAnotherProject(t *testing.T) {
	t.Parallel()
	b := worldBox(t, shopWorld)
	r, _ := pipelineRunner(t, b)
	for name, c := range map[string]struct{ subject, audience, want string }{
		"project":  {"project_path:other/prometheus:ref_type:tag:ref:v2.42.0", "https://gitlab.example.com", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"branch":   {"project_path:group/prometheus:ref_type:branch:ref:feature", "https://gitlab.example.com", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"audience": {"project_path:group/prometheus:ref_type:tag:ref:v2.42.0", "https://vault.example.com", "Incorrect token audience"},
	} {
		r.idToken = func(string) string {
			return strings.TrimSpace(b.run(t, "sandbox", "token", "--state", b.state, "--subject", c.subject, "--audience", c.audience))
		}
		for _, got := range r.run(t, r.pipeline(t, "push", "v2.42.0")["check"], "push", "v2.42.0") {
			if got.code == 0 || !strings.Contains(got.out, c.want) {
				t.Errorf("another %s: exit %d, want %q\n%s", name, got.code, c.want, got.out)
			}
		}
	}
}

// TestPipelineStopsBeforeItBuilds: what blocks a release ends its pipeline in
// the first stage. Tags that release nothing have no pipeline, and the schedule
// has none of a tag's jobs.
func TestPipelineStopsBeforeItBuilds(t *testing.T) {
	t.Parallel()
	b := worldBox(t, "ec2:\n  - {account: vendor, region: eu-west-1, images: [{name: \"Prometheus 2.42.0 (arm64)\", count: 1}]}\n"+shopWorld)
	r, _ := pipelineRunner(t, b)
	before := worldOf(t, b)
	for _, got := range r.run(t, r.pipeline(t, "push", "v2.42.0")["check"], "push", "v2.42.0") {
		if got.code != 20 || !strings.Contains(got.out, "BLOCKED  name/prometheus/arm64/eu-west-1") {
			t.Errorf("%s: exit %d, want 20\n%s", got.job.name, got.code, got.out)
		}
	}
	sameWorld(t, before, worldOf(t, b))
	for _, tag := range []string{"v2.42.0-rc.1", "nightly", ""} {
		if jobs := r.pipeline(t, "push", tag); len(jobs) != 0 {
			t.Errorf("tag %q has the jobs %v", tag, jobs)
		}
	}
	for name, change := range map[string]func(map[string]string){
		"another schedule":          func(vars map[string]string) { delete(vars, "AMISHIP_SCHEDULE") },
		"a schedule of a branch":    func(vars map[string]string) { vars["CI_COMMIT_BRANCH"] = "feature" },
		"a schedule of a tag":       func(vars map[string]string) { delete(vars, "CI_COMMIT_BRANCH"); vars["CI_COMMIT_TAG"] = "v2.42.0" },
		"a push that says the same": func(vars map[string]string) { vars["CI_PIPELINE_SOURCE"] = "push" },
	} {
		vars := triggered("schedule", "")
		change(vars)
		for _, j := range r.jobs {
			if j.runs(t, vars) {
				t.Errorf("%s has the job %s", name, j.name)
			}
		}
	}
	scheduled := r.pipeline(t, "schedule", "")
	var names []string
	for _, j := range scheduled["publish"] {
		names = append(names, j.name)
	}
	slices.Sort(names)
	if len(scheduled) != 1 || !slices.Equal(names, []string{"amiship:look-again", "amiship:sweep"}) {
		t.Errorf("the schedule has the jobs %v", scheduled)
	}
}
