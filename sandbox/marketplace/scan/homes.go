package scan

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// homeDirs returns the directories of all accounts, and those whose accounts
// are gone.
func (l *look) homeDirs() ([]string, error) {
	all, err := l.passwd()
	if err != nil {
		return nil, err
	}
	dirs, err := l.glob("/home/*")
	dirs = append(dirs, "/root")
	for _, a := range all {
		if path.IsAbs(a.home) {
			dirs = append(dirs, path.Clean(a.home))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs), err
}

// homes finds files that give access to this machine or others.
func (l *look) homes() error {
	dirs, err := l.homeDirs()
	if err != nil {
		return err
	}
	for _, home := range dirs {
		if err := l.ssh(path.Join(home, ".ssh")); err != nil {
			return err
		}
		for _, name := range []string{".aws/credentials", ".netrc", ".git-credentials", ".docker/config.json"} {
			file := path.Join(home, name)
			info, err := l.stat(file)
			if err != nil {
				return err
			}
			if filled(info) {
				l.add(credentials, file, "it may hold credentials")
			}
		}
	}
	return nil
}

// ssh checks the files of a .ssh directory, whatever they are called: a key
// need not be named id_rsa.
func (l *look) ssh(dir string) error {
	names, err := l.list(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		file := path.Join(dir, name)
		info, err := l.stat(file)
		if err != nil {
			return err
		}
		if !filled(info) {
			continue
		}
		if strings.HasPrefix(name, "authorized_keys") {
			l.add(authorizedKeys, file, "a key in it opens every customer's machine")
		}
		if err := l.privateKey(file, info); err != nil {
			return err
		}
	}
	return nil
}

var privateKeyForm = regexp.MustCompile(`-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----`)

// privateKey reads a file that is small enough to be one.
func (l *look) privateKey(file string, info fs.FileInfo) error {
	if info.Size() > maxFile {
		return nil
	}
	text, _, err := l.read(file)
	if privateKeyForm.MatchString(text) {
		l.add(privateKey, file, "it is a private key")
	}
	return err
}

// hostKeys finds host keys of the build machine: every instance of its disk
// could impersonate it.
func (l *look) hostKeys() error {
	files, err := l.glob("/etc/ssh/ssh_host_*")
	for _, file := range files {
		l.add(hostKey, file, "every customer's machine would have this key")
	}
	return err
}

func filled(info fs.FileInfo) bool { return info != nil && info.Mode().IsRegular() && info.Size() > 0 }

func runs(info fs.FileInfo) bool {
	return info != nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
