package boottest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// outsiders are the ways by which others than the holder of the launch's key get into
// an instance, or become root on it.
func (f found) outsiders(user string, own ssh.PublicKey) []finding {
	return slices.Concat(f.passwords(), f.logins(), f.authorized(own), f.withoutPassword(user))
}

func (f found) passwords() (out []finding) {
	for _, a := range f.accounts {
		subject := "account " + a.name
		switch a.password {
		case "blank":
			out = append(out, finding{subject, "needs no password: lock it, with passwd -l " + a.name})
		case "set":
			out = append(out, finding{subject, "has a password, which others may know: lock it, with passwd -l " + a.name})
		}
		if a.uid == "0" && a.name != "root" {
			out = append(out, finding{subject, "has the user id 0: it is another root"})
		}
	}
	return out
}

// instanceConnect are the commands of EC2 Instance Connect, which Amazon's and Ubuntu's
// images have: they let in those whom IAM allows.
func instanceConnect() []string {
	return []string{
		"/opt/aws/bin/eic_run_authorized_keys %u %f", "/usr/share/ec2-instance-connect/eic_run_authorized_keys %u %f",
		"/usr/lib/ec2-instance-connect/eic_run_authorized_keys %u %f",
	}
}

// logins judges the settings of sshd.
func (f found) logins() (out []finding) {
	seen := map[finding]bool{}
	for _, s := range f.sshd {
		why := ""
		value := strings.Trim(s.value, `"`)
		switch s.key {
		case "passwordauthentication", "kbdinteractiveauthentication", "challengeresponseauthentication":
			why = given(strings.EqualFold(value, "yes"), "lets anyone in who knows a password")
		case "permitemptypasswords":
			why = given(strings.EqualFold(value, "yes"), "lets anyone into accounts without a password")
		case "permitrootlogin":
			why = given(strings.EqualFold(value, "yes"), "lets root log in with a password")
		case "hostbasedauthentication":
			why = given(strings.EqualFold(value, "yes"), "lets in the users that another host vouches for")
		case "authorizedkeyscommand", "trustedusercakeys", "authorizedprincipalscommand":
			why = given(value != "none" && !slices.Contains(instanceConnect(), value), "lets in keys that are not of the launch")
		}
		found := finding{"sshd " + s.key, fmt.Sprintf("%s, by %s: %s", s.value, s.where, why)}
		if why != "" && !seen[found] {
			seen[found] = true
			out = append(out, found)
		}
	}
	return out
}

func given(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

// authorized judges the keys that sshd lets log in: only the launch's own may be there.
func (f found) authorized(own ssh.PublicKey) (out []finding) {
	for _, k := range f.keys {
		key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(k.line))
		if err != nil || string(key.Marshal()) == string(own.Marshal()) && !slices.Contains(options, "cert-authority") {
			continue // sshd takes no line that can't be parsed
		}
		out = append(out, finding{"authorized_keys " + k.file, fmt.Sprintf(
			"lets in %s (%s), which is not the key of this launch", ssh.FingerprintSHA256(key), comment)})
	}
	return out
}

// ssmUser is the account that the agent of AWS Systems Manager creates, for whom IAM
// allows a session.
const ssmUser = "ssm-user"

// withoutPassword judges who becomes root without a password: only the account that the
// launch's key opens may.
func (f found) withoutPassword(user string) (out []finding) {
	for _, s := range f.sudo {
		if !slices.Contains([]string{"root", user, ssmUser}, s.account) {
			out = append(out, finding{"sudo " + s.account, "becomes root without a password: " + s.rule})
		}
	}
	return out
}
