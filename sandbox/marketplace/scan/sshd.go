package scan

import (
	"errors"
	"strconv"
)

// sshd checks the logins over the network.
func (l *look) sshd() error {
	const program = "/usr/sbin/sshd"
	info, err := l.stat(program)
	if err != nil {
		return err
	}
	if !runs(info) {
		l.add(missingSSHD, program, "there is no sshd, so the scan can't log in")
		return nil
	}
	c, err := l.sshdConfig()
	switch {
	case errors.Is(err, errIncludes):
		l.add(missingSSHD, configFile, "sshd does not start: %v", err)
		return nil
	case err != nil:
		return err
	case c == nil:
		l.add(missingSSHD, configFile, "sshd has no configuration, and does not start without")
		return nil
	}
	l.logins(c)
	return l.port(c)
}

// danger is a setting that lets people in who should stay outside.
type danger struct {
	keyword, name string
	otherwise     string // sshd's default
	rule, what    string
	wrong         func(value string) bool
}

func yes(value string) bool   { return value == "yes" }
func notNo(value string) bool { return value != "no" }

// logins judges each setting for all users, and where a Match changes it: that
// applies to some only, so neither hides the other.
func (l *look) logins(c *config) {
	pam := yes(c.get("usepam", "no").value) // without it, there is nothing to ask
	for _, s := range []danger{
		{"passwordauthentication", "PasswordAuthentication", "yes", passwordLogin, "allows logins with a password", notNo},
		{"kbdinteractiveauthentication", "KbdInteractiveAuthentication", "yes", passwordLogin, "allows logins with a password, by PAM", func(v string) bool { return pam && notNo(v) }},
		{"permitrootlogin", "PermitRootLogin", "prohibit-password", rootLogin, "allows root to log in with a password", yes},
		{"permitemptypasswords", "PermitEmptyPasswords", "no", emptyPasswords, "allows logins without a password", yes},
	} {
		if is := c.get(s.keyword, s.otherwise); s.wrong(is.value) {
			l.add(s.rule, is.path, "%s %s %s%s", s.name, is.value, s.what, is.place())
		}
		for _, b := range c.matched {
			if is := b.set[s.keyword]; is.value != "" && s.wrong(is.value) {
				l.add(s.rule, is.path, "%s %s %s, where it matches %s%s", s.name, is.value, s.what, b.condition, is.place())
			}
		}
	}
}

// place is the position of a setting, as the end of a sentence.
func (s setting) place() string {
	if s.line == 0 {
		return ": it is not set, and this is the default"
	}
	return " (line " + strconv.Itoa(s.line) + ")"
}
