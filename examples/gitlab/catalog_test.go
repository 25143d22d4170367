package gitlab_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/catalog"
	"amiship/internal/release"
)

func resolve(t *testing.T, file, tag string) release.Desired {
	t.Helper()
	b, err := catalog.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Resolve(b, tag)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTags(t *testing.T) {
	for tag, want := range map[string]struct {
		variants []string
		skip     string
		build    uint64
	}{
		"17.5.0+ce.0":                       {variants: []string{"ce/amd64", "ce/arm64"}},
		"17.5.0+ee.0":                       {variants: []string{"ee/amd64", "ee/arm64", "premium/amd64", "ultimate/amd64"}},
		"17.5.0+ee.1":                       {variants: []string{"ee/amd64", "ee/arm64", "premium/amd64", "ultimate/amd64"}, build: 1},
		"17.5.0+rc42.ee.0":                  {skip: "release candidates get no images"},
		"17.5.0+rc42.ce.0":                  {skip: "release candidates get no images"},
		"17.5.202410101200+abc1234.def5678": {skip: "auto-deploy packages get no images"},
		"17.5.202410101200+0123456.7654321": {skip: "auto-deploy packages get no images"},
	} {
		t.Run(tag, func(t *testing.T) {
			d := resolve(t, catalog.File, tag)
			var got []string
			for _, v := range d.Variants {
				got = append(got, v.Image+"/"+v.Arch)
			}
			if diff := cmp.Diff(want.variants, got); diff != "" || d.Skip != want.skip {
				t.Errorf("skip %q %s", d.Skip, diff)
			}
			if want.skip == "" && (d.BuildNumber != want.build || d.Version.Major != 17 || d.Version.Minor != 5 || d.Version.Patch != 0) {
				t.Errorf("build %d of %+v", d.BuildNumber, d.Version)
			}
		})
	}
}

func TestTagsThatAreNone(t *testing.T) {
	b, err := catalog.Load(catalog.File, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"v17.5.0", "17.5.0", "17.5.0-ee.0", "17.5.0+ee", "latest+ee.0"} {
		if _, err := catalog.Resolve(b, tag); err == nil {
			t.Errorf("%s is taken for a release", tag)
		}
	}
}

// image is what the public sees of a variant.
type image struct {
	Name, Type, InstallationType, License string
	Public                                bool
	Parameters                            []string
}

func TestImages(t *testing.T) {
	got := map[string]image{}
	for _, tag := range []string{"17.5.0+ce.0", "17.5.0+ee.0"} {
		for _, v := range resolve(t, catalog.File, tag).Variants {
			one := image{Name: v.Name, Type: v.Tags["Type"], InstallationType: v.Build.Vars["installation_type"], License: v.Build.License.Env, Public: v.Public}
			for _, p := range v.Parameters {
				one.Parameters = append(one.Parameters, p.Name)
			}
			got[v.Image+"/"+v.Arch] = one
			if v.Tags["Version"] != "17.5.0" || len(v.Tags) != 2 || !slices.Equal(v.Share, []string{"679593333241", "684062674729"}) {
				t.Errorf("%s: tags %v, shared with %v", v.Name, v.Tags, v.Share)
			}
		}
	}
	const ami, market = "gitlab-aws-ami", "gitlab-aws-marketplace-ami"
	want := map[string]image{
		"ce/amd64":       {"GitLab CE 17.5.0", "GitLab Community Edition", ami, "", true, []string{"/gitlab/ce/17.5.0/amd64/ami", "/gitlab/ce/latest/amd64/ami"}},
		"ce/arm64":       {"GitLab CE 17.5.0 (ARM64)", "GitLab Community Edition (ARM64)", ami, "", true, []string{"/gitlab/ce/17.5.0/arm64/ami", "/gitlab/ce/latest/arm64/ami"}},
		"ee/amd64":       {"GitLab EE 17.5.0", "GitLab Enterprise Edition", ami, "", true, []string{"/gitlab/ee/17.5.0/amd64/ami", "/gitlab/ee/latest/amd64/ami"}},
		"ee/arm64":       {"GitLab EE 17.5.0 (ARM64)", "GitLab Enterprise Edition (ARM64)", ami, "", true, []string{"/gitlab/ee/17.5.0/arm64/ami", "/gitlab/ee/latest/arm64/ami"}},
		"premium/amd64":  {"GitLab EE 17.5.0 Premium", "GitLab Enterprise Edition Premium", market, "PREMIUM_LICENSE", false, nil},
		"ultimate/amd64": {"GitLab EE 17.5.0 Ultimate", "GitLab Enterprise Edition Ultimate", market, "ULTIMATE_LICENSE", false, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBuilds(t *testing.T) {
	for _, v := range resolve(t, catalog.File, "17.5.0+ee.3").Variants {
		b := v.Build
		instance := map[string]string{"amd64": "m7i.large", "arm64": "m7g.large"}[v.Arch]
		if b.Region != "us-east-1" || b.InstanceType != instance || b.DiskGiB != 20 || b.DiskType != "gp3" || b.IMDSSupport != "v2.0" || b.SSHUser != "ubuntu" {
			t.Errorf("%s: %+v", v.Name, b)
		}
		base := release.Base{Owner: "099720109477", Name: "ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-" + v.Arch + "-server-*", Arch: v.Arch}
		if b.Base != base {
			t.Errorf("%s starts from %+v", v.Name, b.Base)
		}
		p := b.Package
		if !strings.HasSuffix(p.URL, "/17.5.0-ee.3/gitlab-ee_17.5.0-ee.3_"+v.Arch+".deb") || p.SHA256URL != p.URL+".sha256" ||
			p.Version != "17.5.0-ee.3" || p.Headers["JOB-TOKEN"].Env != "CI_JOB_TOKEN" {
			t.Errorf("%s: package %+v", v.Name, p)
		}
		if got := len(b.Files); got != 5 {
			t.Errorf("the build digests %d files, want the template and the four of scripts", got)
		}
	}
}

func TestRegions(t *testing.T) {
	var got []string
	for _, target := range resolve(t, catalog.File, "17.5.0+ee.0").Targets {
		if got = append(got, target.Region); !target.Required {
			t.Errorf("%s is not required", target.Region)
		}
	}
	want := strings.Fields(`af-south-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
		ca-central-1 eu-central-1 eu-north-1 eu-south-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2`)
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 19 {
		t.Error(diff)
	}
}

// ownCatalog is the example in a directory where it may be changed.
func ownCatalog(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, catalog.File)
}

// TestArm64WithALicense: the private images have arm64 by one line each.
func TestArm64WithALicense(t *testing.T) {
	file := ownCatalog(t)
	before := read(t, file)
	if n := strings.Count(before, "\n    arch: [amd64]"); n != 2 {
		t.Fatalf("%d images are of amd64 alone, want 2", n)
	}
	write(t, file, strings.ReplaceAll(before, "\n    arch: [amd64]", "\n    arch: [amd64, arm64]"))
	after := names(resolve(t, file, "17.5.0+ee.0"))
	for _, plan := range []string{"Premium", "Ultimate"} {
		v, ok := after["GitLab EE 17.5.0 "+plan+" (ARM64)"]
		if !ok || v.Arch != "arm64" || v.Tags["Type"] != "GitLab Enterprise Edition "+plan+" (ARM64)" || v.Build.License.IsZero() {
			t.Errorf("%s: %+v", plan, v)
		}
	}
}

// TestSeventhImage: one more image takes lines of the catalog and nothing else.
func TestSeventhImage(t *testing.T) {
	file := ownCatalog(t)
	const line = "[ee, premium, ultimate]"
	text := strings.Replace(read(t, file), line, "[ee, premium, ultimate, education]", 1)
	text = strings.Replace(text, "\nimages:\n", `
images:
  education:
    edition: ee
    arch: [amd64, arm64]
    name: {amd64: "GitLab EE {version} Education", arm64: "GitLab EE {version} Education (ARM64)"}
    tags: {Type: GitLab Enterprise Edition Education, Version: "{version}"}
    share: ["111122223333"]
    license: {env: EDUCATION_LICENSE}
    vars: {installation_type: gitlab-aws-education, plan: ultimate, seats: "100"}
`, 1)
	write(t, file, text)
	before, after := names(resolve(t, catalog.File, "17.5.0+ee.0")), names(resolve(t, file, "17.5.0+ee.0"))
	for _, name := range []string{"GitLab EE 17.5.0 Education", "GitLab EE 17.5.0 Education (ARM64)"} {
		v, ok := after[name]
		if !ok || v.Build.Vars["seats"] != "100" || v.Build.License.Env != "EDUCATION_LICENSE" || len(v.Share) != 3 {
			t.Errorf("%s: %+v", name, v)
		}
		delete(after, name)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))); diff != "" {
		t.Errorf("the other images: %s", diff)
	}
}

func names(d release.Desired) map[string]release.Variant {
	out := map[string]release.Variant{}
	for _, v := range d.Variants {
		out[v.Name] = v
	}
	return out
}

// TestChecks: what is asked is filled in, and no license is asked for where
// there is none.
func TestChecks(t *testing.T) {
	for name, v := range names(resolve(t, catalog.File, "17.5.0+ee.0")) {
		var all []string
		for _, c := range v.Checks {
			all = append(all, c.String()+" "+c.Contains)
		}
		text := strings.Join(all, "\n")
		for _, want := range []string{"gitlab-ee 17.5.0", v.Build.Vars["installation_type"], `gon.gitlab_url="http://{host}"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: nothing asks for %s", name, want)
			}
		}
		plan := `"plan":"` + v.Build.Vars["plan"] + `"`
		if licensed := v.Build.License.Env != ""; strings.Contains(text, plan) != licensed || strings.Contains(text, `"user_limit":5`) != licensed {
			t.Errorf("%s has a license: %t; its checks are %s", name, licensed, text)
		}
	}
}
