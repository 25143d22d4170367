package scan

import (
	"path"
	"slices"
	"strings"
)

const (
	passwdFile = "/etc/passwd"
	shadowFile = "/etc/shadow"
)

// account is a line of passwd.
type account struct{ name, password, home, shell string }

// passwd returns the accounts of the disk.
func (t tree) passwd() ([]account, error) {
	text, _, err := t.read(passwdFile)
	var all []account
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(f) == 7 && f[0] != "" {
			all = append(all, account{name: f[0], password: f[1], home: f[5], shell: f[6]})
		}
	}
	return all, err
}

// accounts checks the passwords, and finds the account that Marketplace logs in
// as.
func (l *look) accounts() error {
	all, err := l.passwd()
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.password != "x" { // the place of it is shadow
			l.password(passwdFile, a.name, a.password)
		}
	}
	text, _, err := l.read(shadowFile)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if hash, _, _ := strings.Cut(rest, ":"); ok && name != "" {
			l.password(shadowFile, name, hash)
		}
	}
	return l.user(all)
}

// password judges the field of an account's password: no hash begins with ! or
// *, so nothing matches those.
func (l *look) password(file, name, hash string) {
	switch {
	case hash == "":
		l.add(password, file, "%s has an empty password", name)
	case !strings.HasPrefix(hash, "!") && !strings.HasPrefix(hash, "*"):
		l.add(password, file, "%s has a password, which every customer would share", name)
	}
}

// user finds the declared user. sshd refuses one whose shell is not there.
func (l *look) user(all []account) error {
	i := slices.IndexFunc(all, func(a account) bool { return a.name == l.version.User })
	if i < 0 {
		l.add(missingUser, passwdFile, "there is no user %s, whom the version names", l.version.User)
		return nil
	}
	shell := all[i].shell
	if shell == "" {
		shell = "/bin/sh"
	}
	info, err := l.stat(shell)
	if err != nil {
		return err
	}
	switch {
	case slices.Contains([]string{"nologin", "false", "true", "sync", "halt", "shutdown"}, path.Base(shell)):
		l.add(missingUser, passwdFile, "%s has the shell %s, which allows no login", l.version.User, shell)
	case !runs(info):
		l.add(missingUser, passwdFile, "%s has the shell %s, which is not there", l.version.User, shell)
	}
	return nil
}
