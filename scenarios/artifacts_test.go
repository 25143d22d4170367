package scenarios

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkJob: a job of a tag's pipeline has ended well, and its artifacts are what
// they must be.
func checkJob(t *testing.T, got ciResult) {
	t.Helper()
	want := 0
	if got.job.Stage == "listing" { // Marketplace takes longer than the job
		want = 75
	}
	if got.code != want || want != 0 && !slices.Contains(got.job.AllowFailure.Codes, want) {
		t.Fatalf("%s: exit %d, want %d\n%s", got.job.name, got.code, want, got.out)
	}
	if got.job.Artifacts.Reports["junit"] != "" {
		report := junitOf(t, got)
		if report.Tests == 0 || report.Failures != 0 {
			t.Errorf("%s: %d tests, %d failures", got.job.name, report.Tests, report.Failures)
		}
		arch, one := strings.CutPrefix(got.job.name, "amiship:build:")
		if cases := strings.Join(report.Cases, " "); one && strings.Count(cases, "/"+arch+"/") != len(report.Cases) {
			t.Errorf("%s has done what is not for %s: %s", got.job.name, arch, cases)
		}
	}
	if got.job.Artifacts.Reports["dotenv"] == "" {
		return
	}
	amis := amisOf(t, got)
	if len(amis) != 12 {
		t.Errorf("%s: has the AMIs %v, want twelve", got.job.name, amis)
	}
	env := dotenvOf(t, filepath.Join(got.dir, got.job.Artifacts.Reports["dotenv"]))
	if len(env) != len(amis)+2 || valueOf(env, "AMISHIP_TAG") != "v2.42.0" || valueOf(env, "AMI_PROMETHEUS_ARM64_EU_WEST_1") != amis["prometheus/arm64/eu-west-1"] {
		t.Errorf("%s: has the variables %v, the AMIs %v", got.job.name, env, amis)
	}
}

// junit is a JUnit report: how many cases, and their names.
type junit struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Cases    []string `xml:"-"`
}

func junitOf(t *testing.T, got ciResult) junit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(got.dir, got.job.Artifacts.Reports["junit"]))
	if err != nil {
		t.Fatalf("%s: %v\n%s", got.job.name, err, got.out)
	}
	var report junit
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatalf("%s: %v\n%s", got.job.name, err, text)
	}
	for _, m := range caseName.FindAllStringSubmatch(string(text), -1) {
		report.Cases = append(report.Cases, m[1])
	}
	if len(report.Cases) != report.Tests {
		t.Errorf("%s: %d cases, and it says %d", got.job.name, len(report.Cases), report.Tests)
	}
	return report
}

var caseName = regexp.MustCompile(`<testcase name="([^"]+)"`)

// amisOf reads the JSON artifact of a job: AMI ids by variant and region.
func amisOf(t *testing.T, got ciResult) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(got.dir, "amiship-amis.json"))
	if err != nil {
		t.Fatalf("%s: %v\n%s", got.job.name, err, got.out)
	}
	var list struct {
		AMIs map[string]map[string]map[string]string `json:"amis"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%s: %v\n%s", got.job.name, err, text)
	}
	out := map[string]string{}
	for image, archs := range list.AMIs {
		for arch, regions := range archs {
			for region, id := range regions {
				out[image+"/"+arch+"/"+region] = id
			}
		}
	}
	return out
}
