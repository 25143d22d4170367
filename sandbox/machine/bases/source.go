package bases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// source is where a recipe's packages come from.
type source struct {
	uri     string   // of the archive
	keyring string   // file on the host that holds the archive's keys; empty: apt's own
	lines   []string // of the machine's sources.list
}

// Ubuntu's archive and the keys it signs with. A host that has no Ubuntu
// keyring of its own gets the one from the archive, which is believed because
// of its digest, not because of where it came from.
const (
	ubuntuKeyring    = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
	ubuntuKeyringDeb = "/pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb"
	ubuntuKeyringSum = "0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f"

	answerTime = 5 * time.Second // an archive that takes longer does not answer
)

func ubuntuArchives() map[string]string {
	return map[string]string{
		"amd64": "http://archive.ubuntu.com/ubuntu",
		"arm64": "http://ports.ubuntu.com/ubuntu-ports",
	}
}

// source finds an archive for the recipe: the host's own where it has one.
func (s *Store) source(ctx context.Context, r recipe) (source, error) {
	all, err := hostArchives(ctx)
	if err != nil {
		return source{}, err
	}
	src := debianSource(r, all)
	if r.origin == "Ubuntu" {
		src = ubuntuSource(r, all, s.ubuntu[r.arch])
	}
	if src.uri == "" {
		return source{}, fmt.Errorf("this host's apt knows no mirror of %s", r.origin)
	}
	if err := answers(ctx, src.uri+"/dists/"+r.suite+"/InRelease"); err != nil {
		return source{}, fmt.Errorf("%s's archive does not answer: %w", r.origin, err)
	}
	if r.origin == "Ubuntu" && src.keyring == "" {
		if src.keyring, err = s.ubuntuKeys(ctx, src.uri); err != nil {
			return source{}, err
		}
	}
	return src, s.helped(ctx, r)
}

// helped tells why a base for another processor cannot have its twin's help.
func (s *Store) helped(ctx context.Context, r recipe) error {
	if !r.foreign() {
		return nil
	}
	twin := r.twin()
	dir, ok := s.built(twin)
	if !ok {
		_, err := s.source(ctx, twin)
		return err
	}
	if dir != s.path(twin) {
		return fmt.Errorf("what is built as %s for %s is a stand-in", twin.title, twin.arch)
	}
	return nil
}

func debianSource(r recipe, all []archive) source {
	var src source
	for _, a := range all {
		if a.origin != "Debian" {
			continue
		}
		switch a.label {
		case "Debian":
			src.uri, src.keyring = a.uri, a.keyring
			src.lines = append([]string{
				fmt.Sprintf("deb %s %s main", a.uri, r.suite),
				fmt.Sprintf("deb %s %s-updates main", a.uri, r.suite),
			}, src.lines...)
		case "Debian-Security":
			src.lines = append(src.lines, fmt.Sprintf("deb %s %s-security main", a.uri, r.suite))
		}
	}
	return src
}

// ubuntuSource takes the host's mirror for its own architecture only: Ubuntu
// keeps the others elsewhere.
func ubuntuSource(r recipe, all []archive, otherwise string) source {
	src := source{uri: otherwise}
	for _, a := range all {
		if a.origin == "Ubuntu" {
			src.keyring = a.keyring
			if !r.foreign() {
				src.uri = a.uri
			}
		}
	}
	if _, err := os.Stat(ubuntuKeyring); err == nil && src.keyring == "" {
		src.keyring = ubuntuKeyring
	}
	for _, pocket := range []string{"", "-updates", "-security"} {
		src.lines = append(src.lines, fmt.Sprintf("deb %s %s%s main universe", src.uri, r.suite, pocket))
	}
	return src
}

// answers sends a HEAD request for a file.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	resp, err := get(ctx, http.MethodHead, url)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func get(ctx context.Context, method, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return resp, nil
}

// ubuntuKeys fetches Ubuntu's keyring once and returns where it is.
func (s *Store) ubuntuKeys(ctx context.Context, archive string) (string, error) {
	dir := filepath.Join(s.dir, "ubuntu-keyring")
	keys := filepath.Join(dir, ubuntuKeyring)
	if _, err := os.Stat(keys); err == nil {
		return keys, nil
	}
	deb, err := fetch(ctx, archive+ubuntuKeyringDeb, ubuntuKeyringSum)
	if err != nil {
		return "", fmt.Errorf("fetch Ubuntu's keys: %w", err)
	}
	file := dir + ".deb"
	defer os.Remove(file)
	err = errors.Join(os.MkdirAll(s.dir, 0o755), os.WriteFile(file, deb, 0o644))
	if err != nil {
		return "", err
	}
	return keys, run(ctx, "dpkg-deb", "--extract", file, dir)
}

func fetch(ctx context.Context, url, sum string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	resp, err := get(ctx, http.MethodGet, url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("%s has SHA-256 %x, not %s", url, got, sum)
	}
	return b, nil
}

// archive is a package archive in the host's own apt configuration.
type archive struct {
	origin, label, uri string
	keyring            string // from Signed-By, where it is a file
}

// hostArchives asks apt which archives this host uses.
func hostArchives(ctx context.Context) ([]archive, error) {
	const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(SOURCESENTRY)"
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", format,
		"Created-By: Packages").Output()
	if err != nil {
		return nil, fmt.Errorf("ask this host's apt for its mirrors: %w", err)
	}
	return parseArchives(string(out), signedBy), nil
}

func parseArchives(lines string, keyring func(entry string) string) []archive {
	var all []archive
	seen := map[string]bool{}
	for line := range strings.Lines(lines) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 || !strings.HasPrefix(f[2], "http") || seen[f[1]+f[2]] {
			continue
		}
		seen[f[1]+f[2]] = true
		all = append(all, archive{
			origin: f[0], label: f[1], uri: strings.TrimSuffix(f[2], "/"), keyring: keyring(f[3]),
		})
	}
	return all
}

// signedBy reads the keyring from the entry "FILE:NUMBER" of the host's
// sources: of that stanza in a .sources file, of that line in a .list file.
func signedBy(entry string) string {
	file, number, _ := strings.Cut(entry, ":")
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	separator := "\n"
	if strings.HasSuffix(file, ".sources") {
		separator = "\n\n"
	}
	var n int
	_, err = fmt.Sscan(number, &n)
	parts := strings.Split(string(text), separator)
	if err != nil || n < 1 || n > len(parts) {
		return ""
	}
	return keyringIn(parts[n-1])
}

// keyringIn finds "Signed-By: FILE" or "signed-by=FILE".
func keyringIn(entry string) string {
	at := strings.Index(strings.ToLower(entry), "signed-by")
	if at < 0 {
		return ""
	}
	words := strings.FieldsFunc(entry[at+len("signed-by"):], func(r rune) bool {
		return strings.ContainsRune(" :=\t\n],", r)
	})
	if len(words) == 0 || !filepath.IsAbs(words[0]) {
		return ""
	}
	return words[0]
}
