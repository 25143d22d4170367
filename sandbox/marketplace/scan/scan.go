// Package scan checks an image's disk as AWS Marketplace's scan does before
// it accepts a version: for access that the vendor or others would keep, for
// secrets that all customers would share, and for the login that the listing
// declares.
//
// What counts is sshd's effective configuration, not a single file: the first
// value wins, drop-ins come where they are included, a Match block applies to
// its condition only, and an unset setting has a default, which for passwords
// is yes. Links on the disk resolve as they would on the machine, never to
// the host.
package scan

import (
	"cmp"
	"fmt"
	"os"
	"slices"
)

// Disk is what the scan reads: the files of a machine's disk.
type Disk interface {
	ReadFile(name string) ([]byte, error) // name is absolute, as on the machine
	Dir() string                          // where the files can be walked on the host
}

// Version is what a version's seller declares.
type Version struct {
	User string // whom Marketplace logs in as
	Port int    // where sshd listens
}

// Finding is something for which a version is refused.
type Finding struct {
	Rule string `json:"rule"`
	Path string `json:"path"` // as on the machine
	Text string `json:"text"`
}

// Names of the rules.
const (
	authorizedKeys = "authorized-keys"
	hostKey        = "host-key"
	privateKey     = "private-key"
	credentials    = "credentials"
	password       = "password"
	passwordLogin  = "password-login"
	rootLogin      = "root-login"
	emptyPasswords = "empty-passwords"
	missingUser    = "user"
	missingSSHD    = "sshd"
	wrongPort      = "port"
)

// Rules are their names.
func Rules() []string {
	return []string{
		authorizedKeys, hostKey, privateKey, credentials, password, passwordLogin, rootLogin, emptyPasswords, missingUser, missingSSHD, wrongPort,
	}
}

// Look returns what is wrong with the disk, sorted. What is not there is not an
// error, and the rules decide what that means; the error says that the disk
// could not be read.
func Look(d Disk, v Version) ([]Finding, error) {
	root, err := os.OpenRoot(d.Dir())
	if err != nil {
		return nil, fmt.Errorf("scan the disk: %w", err)
	}
	defer root.Close()
	l := &look{tree: tree{disk: d, root: root}, version: v}
	for _, rule := range []func() error{l.accounts, l.homes, l.hostKeys, l.sshd} {
		if err := rule(); err != nil {
			return nil, fmt.Errorf("scan the disk: %w", err)
		}
	}
	slices.SortFunc(l.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(l.found), nil
}

// look is the scan of one disk.
type look struct {
	tree
	version Version
	found   []Finding
}

func (l *look) add(rule, path, format string, args ...any) {
	l.found = append(l.found, Finding{rule, path, fmt.Sprintf(format, args...)})
}
