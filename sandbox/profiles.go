package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// plainName is one that AWS's files take as it is.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.@+-]+$`)

// writeProfiles writes AWS's two files, with a profile for each account that
// has a key: by its name, and by its id. They stay when the sandbox ends, and
// are written anew when it starts again.
func (s *box) writeProfiles() error {
	var settings, keys strings.Builder
	err := s.store.View(func(tx *cloud.Tx) error {
		for id, a := range cloud.Accounts.All(tx, "") {
			key, ok := cloud.KeyOf(tx, id)
			if !ok {
				continue
			}
			for _, name := range profileNames(a) {
				fmt.Fprintf(&settings, "[profile %s]\nregion = %s\nendpoint_url = %s\n\n", name, ec2.Regions(a.Partition)[0], s.url)
				fmt.Fprintf(&keys, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n", name, key.KeyID, key.Secret)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(s.cfg.State, ConfigFile), settings.String()); err != nil {
		return err
	}
	return replace(filepath.Join(s.cfg.State, CredentialsFile), keys.String())
}

func profileNames(a cloud.Account) []string {
	if !plainName.MatchString(a.Name) || a.Name == a.ID {
		return []string{a.ID}
	}
	return []string{a.Name, a.ID}
}

// replace writes a file that only its owner reads, in one step.
func replace(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".aws-") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
