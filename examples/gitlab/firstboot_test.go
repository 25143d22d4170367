package gitlab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/sandbox/exectest"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write makes a file and the directories above it.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// program puts a program into a directory.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	exectest.Write(t, filepath.Join(dir, name), "#!/bin/bash\n"+script)
}

// metadata is a curl that answers for the instance's metadata service, for who
// has a token of it.
const metadata = `
for last; do :; done
case "$last $*" in
*/api/token*"--request PUT"*) [ ! -e "$METADATA/token" ] && echo secret || exit 28 ;;
*"X-aws-ec2-metadata-token: secret"*) item=${last##*/}; ! grep -q -s -x unreadable "$METADATA/$item" || exit 28; [ -s "$METADATA/$item" ] && cat "$METADATA/$item" || exit 22 ;;
*) exit 22 ;;
esac
`

// gitlabCtl notes how it was called.
const gitlabCtl = `echo "$* with password ${GITLAB_ROOT_PASSWORD:-none}" >>"$ASKED"
[ -z "${CTL:-}" ] || eval "$CTL"
`

const template = "## the address\nexternal_url 'http://gitlab.example.com'\n\n# gitlab_rails['initial_root_password'] = 'password'\n"

// machine is what the first-boot script sees of one.
type machine struct {
	root, bin, settings, log string
	env                      []string
}

func newMachine(t *testing.T, settings string, items map[string]string) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{root: filepath.Join(dir, "root"), bin: filepath.Join(dir, "bin")}
	m.settings = filepath.Join(m.root, "etc/gitlab/gitlab.rb")
	m.log = filepath.Join(m.root, "var/log/gitlab-first-boot.log")
	write(t, m.settings, settings)
	write(t, filepath.Join(m.root, "var/log/other.log"), "")
	program(t, m.bin, "curl", metadata)
	program(t, m.bin, "gitlab-ctl", gitlabCtl)
	for name, value := range items {
		write(t, filepath.Join(dir, "metadata", name), value)
	}
	m.env = append(os.Environ(), "PATH="+m.bin+":"+os.Getenv("PATH"), "METADATA="+filepath.Join(dir, "metadata"), "ASKED="+filepath.Join(dir, "asked"))
	return m
}

// asked is what gitlab-ctl was called with, since it was last asked for.
func (m machine) asked(t *testing.T) string {
	t.Helper()
	file := filepath.Join(filepath.Dir(m.bin), "asked")
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run runs the script; what it says is what cloud-init would put on the console.
func (m machine) run(t *testing.T, env ...string) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "scripts/first-boot.sh", m.root)
	cmd.Env = append(m.env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// boot runs the script where it has to succeed, and returns the settings.
func (m machine) boot(t *testing.T, env ...string) string {
	t.Helper()
	if said, err := m.run(t, env...); err != nil || said != "" {
		t.Fatalf("first-boot.sh: %v\n%s\n%s", err, said, read(t, m.log))
	}
	if log := read(t, m.log); !strings.HasSuffix(log, " boot: done\n") {
		t.Errorf("the log ends: %s", log)
	}
	return read(t, m.settings)
}

func TestFirstBoot(t *testing.T) {
	const example = "\nexternal_url 'http://gitlab.example.com'\n"
	for name, c := range map[string]struct {
		settings string
		items    map[string]string
		want     string
	}{
		"the public host name": {template, map[string]string{"public-hostname": "ec2-1.example.net", "public-ipv4": "192.0.2.1", "local-ipv4": "172.31.0.7"}, "http://ec2-1.example.net"},
		"else the public IPv4": {template, map[string]string{"public-ipv4": "192.0.2.1", "local-ipv4": "172.31.0.7"}, "http://192.0.2.1"},
		"else the local one":   {template, map[string]string{"local-ipv4": "172.31.0.7"}, "http://172.31.0.7"},
		"where none stands":    {"# nothing\n", map[string]string{"local-ipv4": "172.31.0.7"}, "http://172.31.0.7"},
		"the last of several":  {"external_url \"https://old.example.com\"" + example, map[string]string{"local-ipv4": "172.31.0.7"}, "http://172.31.0.7"},
	} {
		t.Run(name, func(t *testing.T) {
			c.items["instance-id"] = "i-0123456789"
			m := newMachine(t, c.settings, c.items)
			got := m.boot(t)
			if !strings.Contains(got, "external_url '"+c.want+"'\n") || strings.Contains(got, "gitlab.example.com") {
				t.Errorf("the settings are %s\nwant %s", got, c.want)
			}
			if asked := m.asked(t); asked != "reconfigure with password i-0123456789\n" {
				t.Errorf("gitlab-ctl was asked %q", asked)
			}
			if again := m.boot(t); again != got {
				t.Errorf("a second run changed the settings to %s", again)
			}
			m.clone(t)
			moved := m.boot(t)
			if n := strings.Count(moved, "http://clone.example.net"); n < 2 || strings.Contains(moved, c.want) {
				t.Errorf("on a clone the settings are %s", moved)
			}
		})
	}
}

// clone gives the machine another place.
func (m machine) clone(t *testing.T) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(m.bin), "metadata")
	write(t, filepath.Join(dir, "public-hostname"), "clone.example.net")
	write(t, filepath.Join(dir, "instance-id"), "i-clone")
}

func TestFirstBootLeavesTheOwnersChoice(t *testing.T) {
	items := map[string]string{"public-hostname": "ec2-1.example.net", "instance-id": "i-0123456789"}
	for name, c := range map[string]struct{ settings, env, url, password string }{
		"the address":                 {"external_url 'https://git.example.com'\n", "", "https://git.example.com", "i-0123456789"},
		"the address after ours":      {template + "external_url \"https://git.example.com:8443/gitlab\" # ours\n", "", "https://git.example.com:8443/gitlab", "i-0123456789"},
		"the address as a call":       {"external_url('https://git.example.com')\n", "", "https://git.example.com", "i-0123456789"},
		"an address that is computed": {"external_url ENV['URL']\n", "", "ENV[URL]", "i-0123456789"},
		"a password in gitlab.rb":     {template + "gitlab_rails['initial_root_password'] = 'mine'\n", "", "", "none"},
		"a password in the variable":  {template, "GITLAB_ROOT_PASSWORD=mine", "", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.settings, items)
			got := m.boot(t, c.env)
			if c.url != "" && (got != c.settings || !strings.Contains(read(t, m.log), "the owner's choice stays: "+c.url+"\n")) {
				t.Errorf("the settings are %s; %s", got, read(t, m.log))
			}
			if asked := m.asked(t); asked != "reconfigure with password "+c.password+"\n" {
				t.Errorf("gitlab-ctl was asked %q", asked)
			}
			if strings.Contains(read(t, m.log), "mine") {
				t.Errorf("the password is in the log: %s", read(t, m.log))
			}
		})
	}
}

// TestFirstBootOfAnOwnersClone: who has changed the address by hand meant it.
func TestFirstBootOfAnOwnersClone(t *testing.T) {
	m := newMachine(t, template, map[string]string{"public-hostname": "ec2-1.example.net", "instance-id": "i-1"})
	settings := strings.ReplaceAll(m.boot(t), "external_url 'http://ec2-1.example.net'", "external_url 'https://git.example.com'")
	write(t, m.settings, settings)
	m.clone(t)
	if got := m.boot(t); got != settings {
		t.Errorf("the settings are %s", got)
	}
}

// TestLaterBoot: a later boot of the same instance follows its new address, if the old one
// is exactly what the first boot has set and is no longer the instance's. Else it
// touches nothing, and says why.
func TestLaterBoot(t *testing.T) {
	const moved = "\nhttp://ec2-1.example.net is no longer this instance's: set http://ec2-2.example.net\n"
	for name, c := range map[string]struct {
		change  func(settings string) string
		items   map[string]string // of the metadata service; empty: the item is gone
		says    string
		follows bool
	}{
		"a new address":                  {says: moved, follows: true},
		"an owner's other settings":      {change: func(s string) string { return s + "nginx['listen_port'] = 8080\n# external_url 'x'\n" }, says: moved, follows: true},
		"the same address":               {items: map[string]string{"public-hostname": "ec2-1.example.net"}, says: "\nthe address is this instance's: http://ec2-1.example.net\n"},
		"another name, the same address": {items: map[string]string{"local-hostname": "ec2-1.example.net"}, says: "\nthe address is this instance's: http://ec2-1.example.net\n"},
		"an owner's address": {change: func(s string) string {
			return strings.ReplaceAll(s, "external_url 'http://ec2-1.example.net'", "external_url 'https://git.example.com'")
		}, says: "\nthe address is not what the first boot has set: it stays\n"},
		"the same, written by its owner": {change: func(s string) string {
			return strings.ReplaceAll(s, "external_url 'http://ec2-1.example.net'", `external_url "http://ec2-1.example.net"`)
		}, says: "\nthe address is not what the first boot has set: it stays\n"},
		"an owner's address before":      {change: func(s string) string { return "external_url 'https://git.example.com'\n" + s }, says: "\nthe address is not what the first boot has set: it stays\n"},
		"the template's address":         {change: func(string) string { return template }, says: "\nthe address is not what the first boot has set: it stays\n"},
		"no metadata":                    {items: map[string]string{"token": ""}, says: "\nthe instance's metadata cannot be read: its address stays\n"},
		"an address that cannot be read": {items: map[string]string{"local-hostname": "unreadable"}, says: "\nthe instance's addresses cannot be read: http://ec2-1.example.net stays\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, template, map[string]string{"public-hostname": "ec2-1.example.net", "local-ipv4": "172.31.0.7", "instance-id": "i-1"})
			settings := m.boot(t)
			m.asked(t)
			write(t, filepath.Join(m.root, "var/lib/cloud/data/instance-id"), "i-1\n")
			if c.change != nil {
				settings = c.change(settings)
			}
			write(t, m.settings, settings)
			for item, value := range map[string]string{"public-hostname": "ec2-2.example.net"} {
				write(t, filepath.Join(filepath.Dir(m.bin), "metadata", item), value)
			}
			for item, value := range c.items {
				write(t, filepath.Join(filepath.Dir(m.bin), "metadata", item), value)
			}
			got, want, asked := m.boot(t), settings, ""
			if c.follows {
				want = strings.ReplaceAll(settings, "http://ec2-1.example.net", "http://ec2-2.example.net")
				asked = "reconfigure with password none\n"
			}
			log := read(t, m.log)
			if log = log[strings.Index(log, "later boot: "):]; got != want || !strings.Contains(log, c.says) || m.asked(t) != asked {
				t.Errorf("the settings are %s\nthe log says %s", got, log)
			}
		})
	}
}

// TestLaterBootFails: cloud-init shows a reconfigure that fails then as well.
func TestLaterBootFails(t *testing.T) {
	m := newMachine(t, template, map[string]string{"public-hostname": "ec2-1.example.net", "instance-id": "i-1"})
	m.boot(t)
	write(t, filepath.Join(m.root, "var/lib/cloud/data/instance-id"), "i-1\n")
	m.clone(t)
	if said, err := m.run(t, "CTL=exit 7"); err == nil || !strings.Contains(said, "later boot: failed: reconfigure ended with status 7") {
		t.Errorf("%v: said %q", err, said)
	}
}

func TestFirstBootFails(t *testing.T) {
	for name, c := range map[string]struct {
		items           map[string]string
		ctl, limit, say string
	}{
		"no address":                {nil, "", "", "metadata has no address"},
		"reconfigure fails":         {map[string]string{"local-ipv4": "172.31.0.7"}, "echo no room; exit 7", "", "no room\nfirst boot: failed: reconfigure ended with status 7"},
		"reconfigure does not end":  {map[string]string{"local-ipv4": "172.31.0.7"}, "sleep 60", "limit=0.2s", "failed: reconfigure did not end within 0.2s"},
		"a limit that is not a one": {map[string]string{"local-ipv4": "172.31.0.7"}, "", "limit=soon", "failed: reconfigure ended with status 125"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.items != nil {
				c.items["instance-id"] = "i-1"
			}
			m := newMachine(t, template, c.items)
			write(t, filepath.Join(m.root, "etc/default/gitlab-first-boot"), c.limit+"\n")
			said, err := m.run(t, "CTL="+c.ctl)
			if err == nil || !strings.Contains(said, c.say) || !strings.Contains(read(t, m.log), c.say) {
				t.Errorf("%v: said %q, want %q", err, said, c.say)
			}
			if strings.Contains(read(t, m.log), "first boot: done") {
				t.Errorf("the log says it is done: %s", read(t, m.log))
			}
		})
	}
}
