package gitlab_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// standin builds one, and returns the path of the package.
func standin(t *testing.T, name, fault string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "standin/build.sh", file)
	cmd.Env = append(os.Environ(), "STANDIN_FAULT="+fault)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("standin/build.sh %s: %v\n%s", name, err, out)
	}
	return file
}

func field(t *testing.T, file, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--field", file, name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestStandin(t *testing.T) {
	for name, want := range map[string][3]string{
		"gitlab-ee_17.5.0-ee.0_arm64.deb":   {"gitlab-ee", "17.5.0-ee.0", "arm64"},
		"gitlab-ce_17.10.12-ce.3_amd64.deb": {"gitlab-ce", "17.10.12-ce.3", "amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			file := standin(t, name, "")
			for i, f := range []string{"Package", "Version", "Architecture"} {
				if got := field(t, file, f); got != want[i] {
					t.Errorf("%s: %s, want %s", f, got, want[i])
				}
			}
			if read(t, standin(t, name, "")) != read(t, file) {
				t.Error("the same name gives other bytes")
			}
		})
	}
	if got := field(t, standin(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "other-architecture"), "Architecture"); got != "arm64" {
		t.Errorf("the package with the fault is for %s", got)
	}
}

func TestStandinRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, fault, want string }{
		"another name":       {"gitlab.deb", "", "is no name of a package of GitLab"},
		"another edition":    {"gitlab-xx_17.5.0-xx.0_amd64.deb", "", "is no name"},
		"an unknown fault":   {"gitlab-ee_17.5.0-ee.0_amd64.deb", "explodes", "no STANDIN_FAULT=explodes"},
		"a directory's lack": {"none/gitlab-ee_17.5.0-ee.0_amd64.deb", "", "No such file"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "standin/build.sh", filepath.Join(t.TempDir(), c.file))
			cmd.Env = append(os.Environ(), "STANDIN_FAULT="+c.fault)
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// site is an unpacked stand-in whose gitlab-ctl works on a directory.
type site struct{ root, url, asked string }

// systemctl notes what it is asked, and says that everything is active.
const systemctl = `echo "$*" >>"$ASKED"`

func newSite(t *testing.T, name, fault, license string) site {
	t.Helper()
	dir := t.TempDir()
	s := site{root: filepath.Join(dir, "root"), asked: filepath.Join(dir, "asked")}
	if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--extract", standin(t, name, fault), s.root).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	program(t, filepath.Join(dir, "bin"), "systemctl", systemctl)
	s.url = "http://" + freeAddress(t)
	s.settings(t, s.url)
	if license != "" {
		write(t, filepath.Join(s.root, "etc/gitlab/predefined.gitlab-license"), license)
	}
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// settings writes gitlab.rb as the package does.
func (s site) settings(t *testing.T, url string, more ...string) {
	t.Helper()
	text := strings.ReplaceAll(read(t, filepath.Join(s.root, "opt/gitlab/etc/gitlab.rb.template")), "GENERATED_EXTERNAL_URL", url)
	write(t, filepath.Join(s.root, "etc/gitlab/gitlab.rb"), text+strings.Join(more, "\n")+"\n")
}

func (s site) ctl(t *testing.T, command, password string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.root, "opt/gitlab/bin/gitlab-ctl"), strings.Fields(command)...)
	path := filepath.Join(filepath.Dir(s.root), "bin") + ":" + os.Getenv("PATH")
	cmd.Env = append(os.Environ(), "PATH="+path, "ASKED="+s.asked, "GITLAB_ROOT_PASSWORD="+password)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s site) reconfigure(t *testing.T, password string) {
	t.Helper()
	if out, err := s.ctl(t, "reconfigure", password); err != nil {
		t.Fatalf("reconfigure: %v\n%s", err, out)
	}
}

// serve runs the service until the test ends.
func (s site) serve(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.root, "opt/gitlab/bin/gitlab-web"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the context has ended it
	for range 200 {
		if c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the service does not answer")
}

// token signs in as root.
func (s site) token(t *testing.T, password string) (token string, status int) {
	t.Helper()
	res, err := http.PostForm(s.url+"/oauth/token", url.Values{"grant_type": {"password"}, "username": {"root"}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Token, res.StatusCode
}

func (s site) get(t *testing.T, path, token string) (string, int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), res.StatusCode
}

func TestStandinServes(t *testing.T) {
	s := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "", `{"plan": "premium", "seats": 5}`)
	write(t, filepath.Join(s.root, "opt/gitlab/embedded/service/gitlab-rails/INSTALLATION_TYPE"), "gitlab-aws-marketplace-ami\n")
	s.reconfigure(t, "i-0123456789")
	if asked := read(t, s.asked); asked != "daemon-reload\nenable --quiet gitlab-runsvdir.service\nrestart gitlab-runsvdir.service\n" {
		t.Errorf("systemd was asked %q", asked)
	}
	s.serve(t)
	token, status := s.token(t, "i-0123456789")
	if token == "" || status != http.StatusOK {
		t.Fatalf("root's password is not the one given: %d", status)
	}
	if _, status := s.token(t, "5iveL!fe"); status != http.StatusBadRequest {
		t.Errorf("a wrong password: %d", status)
	}
	for path, want := range map[string]string{
		"/-/health":        "GitLab OK",
		"/users/sign_in":   `gon.gitlab_url="` + s.url + `"`,
		"/api/v4/license":  `{"plan":"premium","user_limit":5,"expired":false}`,
		"/api/v4/metadata": `{"version":"17.5.0-ee","enterprise":true}`,
		"/standin.json": `{"version":"17.5.0","edition":"ee","external_url":"` + s.url +
			`","installation_type":"gitlab-aws-marketplace-ami","license":{"plan":"premium","user_limit":5,"expired":false},"stand_in":true}`,
	} {
		if got, status := s.get(t, path, token); status != http.StatusOK || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s, want %s", path, status, got, want)
		}
	}
	if got, status := s.get(t, "/api/v4/license", "wrong"); status != http.StatusUnauthorized {
		t.Errorf("the license, without a token: %d %s", status, got)
	}
}

// TestStandinReadsSomeThingsOnce: a later license or password changes nothing, a
// later address does.
func TestStandinReadsSomeThingsOnce(t *testing.T) {
	s := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "", "")
	s.reconfigure(t, "first")
	keys := read(t, filepath.Join(s.root, "etc/gitlab/gitlab-secrets.json"))
	base := read(t, filepath.Join(s.root, "var/opt/gitlab/postgresql/data.json"))
	write(t, filepath.Join(s.root, "etc/gitlab/late.gitlab-license"), `{"plan": "ultimate", "seats": 5}`)
	s.settings(t, "http://new.example.net", "gitlab_rails['initial_root_password'] = 'late'")
	s.reconfigure(t, "late")
	if read(t, filepath.Join(s.root, "etc/gitlab/gitlab-secrets.json")) != keys {
		t.Error("the secrets changed")
	}
	if got := read(t, filepath.Join(s.root, "var/opt/gitlab/postgresql/data.json")); got != base || !strings.Contains(got, `"license": null`) {
		t.Errorf("the data base is %s", got)
	}
	if got := read(t, filepath.Join(s.root, "var/opt/gitlab/gitlab-rails/etc/gitlab.json")); !strings.Contains(got, "http://new.example.net") {
		t.Errorf("the settings in use are %s", got)
	}
	other := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "", "")
	other.reconfigure(t, "first")
	if read(t, filepath.Join(other.root, "etc/gitlab/gitlab-secrets.json")) == keys {
		t.Error("two machines have the same secrets")
	}
}

func TestStandinReconfigureFails(t *testing.T) {
	for name, c := range map[string]struct{ fault, license, url, want string }{
		"made to fail":      {"reconfigure-fails", "", "http://x.example.net", "made to fail"},
		"an empty license":  {"", " ", "http://x.example.net", "is no license"},
		"half a license":    {"", `{"plan": "premium"}`, "http://x.example.net", "is no license"},
		"no address at all": {"", "", "gitlab", "which is no address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", c.fault, c.license)
			s.settings(t, c.url)
			if out, err := s.ctl(t, "reconfigure", "x"); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestStandinOfCEHasNoLicense(t *testing.T) {
	s := newSite(t, "gitlab-ce_17.5.0-ce.0_amd64.deb", "", `{"plan": "premium", "seats": 5}`)
	s.reconfigure(t, "x")
	if got := read(t, filepath.Join(s.root, "var/opt/gitlab/postgresql/data.json")); !strings.Contains(got, `"license": null`) {
		t.Errorf("the data base is %s", got)
	}
	if out, err := s.ctl(t, "status", ""); err != nil || !strings.HasPrefix(out, "run: ") {
		t.Errorf("status: %v %s", err, out)
	}
}

// TestStandinLayout: the paths of GitLab's own AMI scripts, documentation and packages are
// there, and answer, or say that there is no code behind them.
func TestStandinLayout(t *testing.T) {
	s := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "", `{"plan": "premium", "seats": 5}`)
	run := func(path string, args ...string) (string, error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(s.root, "opt/gitlab", path), args...)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(filepath.Dir(s.root), "bin")+":"+os.Getenv("PATH"), "ASKED="+s.asked)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, path := range []string{"bin/gitlab-rails", "bin/gitlab-psql", "bin/gitlab-backup", "embedded/bin/ruby", "embedded/bin/psql", "embedded/bin/git"} {
		if out, err := run(path, "--version"); err == nil || !strings.HasPrefix(out, filepath.Base(path)+": this package stands in for GitLab's") {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
	if out, err := run("bin/gitlab-rake", "gitlab:env:info"); err == nil || !strings.Contains(out, "reconfigure first") {
		t.Errorf("gitlab-rake before reconfigure: %v: %s", err, out)
	}
	s.reconfigure(t, "x")
	s.serve(t)
	for command, want := range map[string]string{
		"embedded/bin/curl --silent --fail " + s.url + "/-/health":        "GitLab OK",
		"bin/gitlab-healthcheck":                                          "",
		"bin/gitlab-rake gitlab:env:info":                                 "17.5.0",
		"bin/gitlab-rake gitlab:check SANITIZE=true":                      "Finished",
		"bin/gitlab-rake gitlab:license:info":                             "Plan: premium",
		"bin/gitlab-ctl service-list":                                     "sidekiq*",
		"bin/gitlab-ctl status gitlab-workhorse":                          "run: gitlab-workhorse: (pid ",
		"embedded/bin/sv status " + s.root + "/opt/gitlab/service/gitaly": "run: gitaly: (pid ",
	} {
		words := strings.Fields(command)
		if out, err := run(words[0], words[1:]...); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
	for _, name := range []string{"puma", "nginx", "postgresql", "redis", "sidekiq", "gitaly"} {
		for _, path := range []string{"opt/gitlab/sv/" + name + "/run", "opt/gitlab/sv/" + name + "/log/run", "opt/gitlab/service/" + name + "/run", "var/log/gitlab/" + name + "/current"} {
			if _, err := os.Stat(filepath.Join(s.root, path)); err != nil {
				t.Error(err)
			}
		}
	}
	if version := read(t, filepath.Join(s.root, "opt/gitlab/embedded/service/gitlab-rails/VERSION")); version != "17.5.0\n" {
		t.Errorf("VERSION is %q", version)
	}
}

// TestStandinServices: a service that is stopped is down, and GitLab answers as without it.
func TestStandinServices(t *testing.T) {
	s := newSite(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", "", "")
	s.reconfigure(t, "x")
	s.serve(t)
	ctl := func(command string) string {
		t.Helper()
		out, _ := s.ctl(t, command, "")
		return out
	}
	if _, err := s.ctl(t, "status", ""); err != nil {
		t.Errorf("status: %v", err)
	}
	if out := ctl("stop puma"); !strings.HasPrefix(out, "ok: down: puma: ") {
		t.Errorf("stop: %s", out)
	}
	if _, err := s.ctl(t, "status", ""); err == nil {
		t.Error("all is well without puma")
	}
	if out := ctl("status"); !strings.Contains(out, "down: puma: ") || !strings.Contains(out, "run: nginx: ") {
		t.Errorf("status: %s", out)
	}
	if got, status := s.get(t, "/users/sign_in", ""); status != http.StatusBadGateway {
		t.Errorf("without puma: %d %s", status, got)
	}
	if out := ctl("start puma"); !strings.HasPrefix(out, "ok: run: puma: ") {
		t.Errorf("start: %s", out)
	}
	if _, status := s.get(t, "/users/sign_in", ""); status != http.StatusOK {
		t.Errorf("with puma again: %d", status)
	}
	ctl("stop nginx")
	if _, err := http.Get(s.url + "/users/sign_in"); err == nil {
		t.Error("it answers without nginx")
	}
	if out := ctl("stop teapot"); !strings.Contains(out, "there is no service teapot") {
		t.Errorf("a service that is none: %s", out)
	}
}
