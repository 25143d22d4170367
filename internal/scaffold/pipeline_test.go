package scaffold

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"amiship/internal/catalog"
)

var update = flag.Bool("update", false, "write the golden files")

// job is what the tests ask of a GitLab CI job.
type job struct {
	Stage        string
	Extends      string
	Timeout      string
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Environment  struct{ Name, Action string }
	Group        string `yaml:"resource_group"`
	Retry        struct {
		Max   int
		Codes []int `yaml:"exit_codes"`
		When  []string
	}
	AllowFailure struct {
		Codes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Rules     []struct{ If, When string }
	Artifacts struct {
		When, Access string
		Paths        []string
		Reports      map[string]string
	}
}

// jobs parses a GitLab CI file: its stages, and its jobs by name.
func jobs(t *testing.T, text []byte) ([]string, map[string]job) {
	t.Helper()
	var top struct{ Stages []string }
	all := map[string]job{}
	raw := map[string]any{}
	for _, into := range []any{&top, &raw} {
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	delete(raw, "stages")
	for name, v := range raw {
		one, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var j job
		if err := yaml.Unmarshal(one, &j); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, one)
		}
		all[name] = j
	}
	return top.Stages, all
}

func example(t *testing.T, name string) *catalog.Bundle {
	t.Helper()
	b, err := catalog.Load(filepath.Join("..", "..", "examples", name, catalog.File), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gitLab is the file of a made-up project.
func gitLab(t *testing.T, p pipeline) []byte {
	t.Helper()
	p.Project = "product"
	return p.text()
}

// TestPipelineText holds the whole file of the largest example, as if it had
// listings.
func TestPipelineText(t *testing.T) {
	b := example(t, "gitlab")
	p := pipeline{
		Tags: b.TagForms(), Archs: b.Archs(), Secrets: secrets(b.Catalog), Listings: true, AMIs: b.MostAMIs(),
	}
	got, golden := gitLab(t, p), filepath.Join("testdata", "gitlab-ci.yml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, golden), string(got)); diff != "" {
		t.Errorf("%s (-want +got); go test -update writes it anew:\n%s", golden, diff)
	}
}

func TestPipelineHasTheJobsOfTheCatalog(t *testing.T) {
	forms := []catalog.TagForm{{Pattern: "v{version}", Regexp: "^v(.+)$", Glob: "v*"}}
	for name, c := range map[string]struct {
		text   []byte
		stages []string
		want   []string
	}{
		"one architecture": {
			gitLab(t, pipeline{Tags: forms, Archs: []string{"amd64"}}),
			[]string{"check", "build", "publish"},
			[]string{".amiship", "amiship:build:amd64", "amiship:check", "amiship:look-again", "amiship:publish", "amiship:sweep"},
		},
		"two": {
			gitLab(t, pipeline{Tags: forms, Archs: []string{"amd64", "arm64"}}),
			[]string{"check", "build", "publish"},
			[]string{".amiship", "amiship:build:amd64", "amiship:build:arm64", "amiship:check", "amiship:look-again", "amiship:publish", "amiship:sweep"},
		},
		"two, and listings": {
			gitLab(t, pipeline{Tags: forms, Archs: []string{"amd64", "arm64"}, Listings: true}),
			[]string{"check", "build", "publish", "listing"},
			[]string{".amiship", "amiship:build:amd64", "amiship:build:arm64", "amiship:check", "amiship:listing", "amiship:look-again", "amiship:publish", "amiship:sweep"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stages, all := jobs(t, c.text)
			if diff := cmp.Diff(c.stages, stages); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(all))); diff != "" {
				t.Error(diff)
			}
			for name, j := range all {
				if name != ".amiship" && (j.Extends != ".amiship" || !slices.Contains(stages, j.Stage) || j.Timeout == "") {
					t.Errorf("%s: %+v", name, j)
				}
			}
		})
	}
}

// TestPipelineGuards: what may be tried again, who may publish, and what is
// known of it afterwards.
func TestPipelineGuards(t *testing.T) {
	_, all := jobs(t, gitLab(t, pipeline{Archs: []string{"amd64"}, Listings: true, Dotenv: true}))
	base := all[".amiship"]
	if base.Retry.Max != 2 || !slices.Equal(base.Retry.Codes, []int{75}) || base.Retry.When != nil {
		t.Errorf("jobs are tried again: %+v", base.Retry)
	}
	for name, want := range map[string]struct {
		environment, action, group string
		mayWait                    bool
		reports                    []string
	}{
		"amiship:check":       {},
		"amiship:build:amd64": {"aws/build", "access", "", false, []string{"junit"}},
		"amiship:publish":     {"aws/production", "start", "amiship-publish", false, []string{"dotenv", "junit"}},
		"amiship:listing":     {"aws/production", "access", "amiship-listing", true, []string{"dotenv", "junit"}},
		"amiship:look-again":  {"aws/production", "start", "amiship-publish", true, nil},
		"amiship:sweep":       {"aws/production", "access", "amiship-publish", false, nil},
	} {
		j := all[name]
		if j.Environment.Name != want.environment || j.Environment.Action != want.action || j.Group != want.group {
			t.Errorf("%s: %+v in group %q, want %+v", name, j.Environment, j.Group, want)
		}
		if mayWait := slices.Equal(j.AllowFailure.Codes, []int{75}); mayWait != want.mayWait || !mayWait && j.AllowFailure.Codes != nil {
			t.Errorf("%s: may end with %v", name, j.AllowFailure.Codes)
		}
		if diff := cmp.Diff(want.reports, slices.Sorted(maps.Keys(j.Artifacts.Reports))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if want.reports != nil && (j.Artifacts.When != "always" || j.Artifacts.Access != "developer") {
			t.Errorf("%s: %+v", name, j.Artifacts)
		}
	}
	const scheduled = `$CI_PIPELINE_SOURCE == "schedule" && $AMISHIP_SCHEDULE == "true" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH`
	for _, name := range []string{"amiship:look-again", "amiship:sweep"} {
		if rules := all[name].Rules; len(rules) != 1 || rules[0].If != scheduled || rules[0].When != "" {
			t.Errorf("%s runs when %+v", name, rules)
		}
	}
	if !slices.Contains(all["amiship:sweep"].Script, "amiship sweep --yes --older 720h") {
		t.Errorf("sweep does %v", all["amiship:sweep"].Script)
	}
}

// TestPipelineRules: the tags of a catalog, in its order, with slashes and
// quotes as YAML and GitLab take them.
func TestPipelineRules(t *testing.T) {
	b := example(t, "prometheus")
	b.Catalog.Tags = []catalog.TagRule{
		{Pattern: "rc/v{version}", Skip: "not\nyet"}, {Pattern: "it's-{version}"},
	}
	text := GitLab(b, "sub dir/amiship.yaml")
	_, all := jobs(t, text)
	var got []string
	for _, r := range all[".amiship"].Rules {
		got = append(got, r.If+" "+r.When)
	}
	want := []string{
		`$CI_PIPELINE_SOURCE == "schedule" never`,
		`$CI_COMMIT_TAG =~ /^rc\/v([0-9][0-9A-Za-z.+~_-]*?)$/ never`,
		`$CI_COMMIT_TAG =~ /^it's-([0-9][0-9A-Za-z.+~_-]*?)$/ `,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := all[".amiship"].Variables["AMISHIP_CATALOG"]; got != "sub dir/amiship.yaml" {
		t.Errorf("the catalog is %q", got)
	}
	for name, j := range all {
		for _, line := range j.Script {
			if !strings.HasSuffix(line, ` --file "$AMISHIP_CATALOG"`) {
				t.Errorf("%s takes another catalog: %s", name, line)
			}
		}
	}
}

// TestPipelineNamesSecrets: those of builds, and no report that GitLab refuses.
func TestPipelineNamesSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		secrets []neededSecret
		reports []string
		paths   []string
	}{
		"prometheus": {nil, []string{"dotenv", "junit"}, []string{"amiship-amis.json", "amiship-logs/"}},
		"gitlab": {
			[]neededSecret{
				{"CI_JOB_TOKEN", "the header JOB-TOKEN that packages are fetched with; GitLab sets it by itself"},
				{"PREMIUM_LICENSE", "the license of premium"},
				{"ULTIMATE_LICENSE", "the license of ultimate"},
			},
			[]string{"junit"},
			[]string{"amiship-amis.json", "amiship.env", "amiship-logs/"}, // 76 AMIs
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := example(t, name)
			if diff := cmp.Diff(c.secrets, secrets(b.Catalog)); diff != "" {
				t.Error(diff)
			}
			text := GitLab(b, catalog.File)
			for _, s := range c.secrets {
				if !strings.Contains(string(text), "#   "+s.Env+": "+s.For+"\n") {
					t.Errorf("%s is not named", s.Env)
				}
			}
			_, all := jobs(t, text)
			artifacts := all["amiship:publish"].Artifacts
			if diff := cmp.Diff(c.reports, slices.Sorted(maps.Keys(artifacts.Reports))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.paths, artifacts.Paths); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPipelineScripts: each line is shell by itself, and shellcheck finds
// nothing in what a runner makes of them.
func TestPipelineScripts(t *testing.T) {
	for name, p := range map[string]pipeline{
		"a plain catalog":  {Archs: []string{"amd64", "arm64"}, Listings: true},
		"one somewhere":    {Archs: []string{"amd64"}, File: "a b", Flags: ` --file "$AMISHIP_CATALOG"`},
		"without listings": {Archs: []string{"arm64"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, all := jobs(t, gitLab(t, p))
			before := all[".amiship"].BeforeScript
			for name, j := range all {
				lines := append(slices.Clone(before), j.Script...)
				for _, line := range lines {
					check(t, name, exec.CommandContext(t.Context(), "bash", "-n"), line)
				}
				check(t, name, exec.CommandContext(t.Context(), "shellcheck", "--shell=bash", "-"), strings.Join(lines, "\n")+"\n")
			}
		})
	}
}

// TestPipelineRepairsNothing: no job makes public again what was made private by hand.
func TestPipelineRepairsNothing(t *testing.T) {
	_, all := jobs(t, gitLab(t, pipeline{Archs: []string{"amd64"}, Listings: true}))
	for name, j := range all {
		if script := strings.Join(j.Script, "\n"); strings.Contains(script, "repair") || strings.Contains(script, "retire --yes") {
			t.Errorf("%s: %s", name, script)
		}
	}
}

func check(t *testing.T, name string, cmd *exec.Cmd, script string) {
	t.Helper()
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %v\n%s\n%s", name, cmd.Args, err, script, out)
	}
}

// TestPipelineCredentials: with a role, its token is in a file for as long as
// the job runs; without one, nothing is in the way of other credentials.
func TestPipelineCredentials(t *testing.T) {
	_, all := jobs(t, gitLab(t, pipeline{Archs: []string{"amd64"}}))
	script := strings.Join(append([]string{"set -euo pipefail"}, all[".amiship"].BeforeScript...), "\n") +
		"\necho \"file=${AWS_WEB_IDENTITY_TOKEN_FILE:-} token=$(cat \"${AWS_WEB_IDENTITY_TOKEN_FILE:-/dev/null}\")\"\n"
	for name, c := range map[string]struct{ role, want string }{
		"a role": {"arn:aws:iam::123456789012:role/releases", "token=a.b-c"},
		"none":   {"", "file= token=\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "AWS_ROLE_ARN="+c.role, "AMISHIP_ID_TOKEN=a.b-c", "AWS_WEB_IDENTITY_TOKEN_FILE=")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v, got %s", err, out)
			}
			if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
