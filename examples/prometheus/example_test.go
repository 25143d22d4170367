package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/internal/catalog"
	"amiship/sandbox/exectest"
)

func TestCatalog(t *testing.T) {
	b, err := catalog.Load(catalog.File, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Resolve(b, "v2.42.0")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Variants) != 1 || len(d.Targets) != 4 || d.Variants[0].Name != "Prometheus 2.42.0" {
		t.Errorf("got %+v", d)
	}
	if got := len(d.Variants[0].Build.Files); got != 3 {
		t.Errorf("the build digests %d files, want the template and two scripts", got)
	}
}

// metadata is a curl that answers for the instance's metadata service.
const metadata = `#!/bin/sh
for last; do :; done
case $last in
*/api/token) echo secret ;;
*/public-hostname) [ -n "$HOSTNAME_GIVEN" ] && echo "$HOSTNAME_GIVEN" || exit 22 ;;
*/public-ipv4) exit 22 ;;
*/local-ipv4) echo 172.31.0.7 ;;
esac
`

const systemctl = "#!/bin/sh\necho \"$@\" >>\"$SYSTEMCTL_LOG\"\n"

// machine is what the first-boot script sees of one.
type machine struct{ dir, settings string }

func newMachine(t *testing.T, settings string) machine {
	m := machine{dir: t.TempDir()}
	m.settings = filepath.Join(m.dir, "settings")
	for name, text := range map[string]string{"curl": metadata, "systemctl": systemctl, "settings": settings} {
		exectest.Write(t, filepath.Join(m.dir, name), text)
	}
	return m
}

// boot runs the script, and returns the settings and what was asked of systemd.
func (m machine) boot(t *testing.T, hostname string) (settings, restarts string) {
	t.Helper()
	asked := filepath.Join(m.dir, "asked")
	if err := os.WriteFile(asked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(m.dir, "log")
	cmd := exec.CommandContext(t.Context(), "scripts/first-boot.sh", m.settings, log)
	cmd.Env = append(os.Environ(), "PATH="+m.dir+":"+os.Getenv("PATH"), "HOSTNAME_GIVEN="+hostname, "SYSTEMCTL_LOG="+asked)
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log)
		t.Fatalf("first-boot.sh: %v\n%s", err, text)
	}
	return read(t, m.settings), read(t, asked)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFirstBoot(t *testing.T) {
	const debian = "# Set the arguments.\nARGS=\"\"\n# --web.external-url=<url> is one of them.\n"
	for name, c := range map[string]struct{ settings, hostname, want string }{
		"the public host name":       {debian, "ec2-1.example.com", `ARGS="--web.external-url=http://ec2-1.example.com:9090/"`},
		"else the private address":   {debian, "", `ARGS="--web.external-url=http://172.31.0.7:9090/"`},
		"beside other arguments":     {"ARGS=\"--log.level=debug\"\n", "", `ARGS="--log.level=debug --web.external-url=http://172.31.0.7:9090/"`},
		"without a line to begin on": {"# nothing\n", "", `ARGS="--web.external-url=http://172.31.0.7:9090/"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.settings)
			got, restarts := m.boot(t, c.hostname)
			if !strings.Contains(got, c.want+"\n") || !strings.Contains(restarts, "restart prometheus") {
				t.Errorf("settings %s\nsystemd was asked %q; want %s", got, restarts, c.want)
			}
			again, restarts := m.boot(t, c.hostname)
			if again != got || restarts != "" {
				t.Errorf("a second boot changed the settings to %s\nand asked systemd %q", again, restarts)
			}
			moved, _ := m.boot(t, "ec2-2.example.com")
			if n := strings.Count(moved, "http://ec2-2.example.com:9090/"); n != 2 || strings.Contains(moved, "172.31.0.7") {
				t.Errorf("on a copy of the disk, the settings are %s", moved)
			}
		})
	}
}

func TestFirstBootLeavesTheOwnersChoice(t *testing.T) {
	const settings = "ARGS=\"--web.external-url=https://metrics.example.com/\"\n"
	m := newMachine(t, settings)
	got, restarts := m.boot(t, "ec2-1.example.com")
	if got != settings || restarts != "" {
		t.Errorf("settings %s, systemd was asked %q", got, restarts)
	}
}
