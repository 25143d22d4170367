package boottest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// subjects are what findings are about.
func subjects(all []finding) (out []string) {
	for _, f := range all {
		out = append(out, f.subject)
	}
	return out
}

// TestWhoIsLetIn: each way by which others than the launch's key get in is a finding, and
// nothing else is.
func TestWhoIsLetIn(t *testing.T) {
	key := newKey(t)
	own := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	other := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(newKey(t).PublicKey()))) + " left@builder"
	for record, want := range map[string]string{
		"account\troot\t0\t/root\t/bin/bash\tlocked":                                                          "",
		"account\tsupport\t1001\t/home/support\t/bin/bash\tset":                                               "account support",
		"account\tdaemon\t1\t/usr/sbin\t/usr/sbin/nologin\tset":                                               "account daemon",
		"account\tguest\t1002\t/home/guest\t/bin/sh\tblank":                                                   "account guest",
		"account\ttoor\t0\t/root\t/bin/sh\tlocked":                                                            "account toor",
		"sshd\tsshd -T\tpasswordauthentication\tno":                                                           "",
		"sshd\tsshd -T\tpasswordauthentication\tyes":                                                          "sshd passwordauthentication",
		"sshd\t/etc/ssh/sshd_config, Match User support\tpasswordauthentication\tYES":                         "sshd passwordauthentication",
		"sshd\tsshd -T -p 2222\tkbdinteractiveauthentication\tyes":                                            "sshd kbdinteractiveauthentication",
		"sshd\tsshd -T\tpermitrootlogin\twithout-password":                                                    "",
		"sshd\tsshd -T\tpermitrootlogin\tyes":                                                                 "sshd permitrootlogin",
		"sshd\tsshd -T\tpermitemptypasswords\tyes":                                                            "sshd permitemptypasswords",
		"sshd\tsshd -T\thostbasedauthentication\tyes":                                                         "sshd hostbasedauthentication",
		"sshd\tsshd -T\tauthorizedkeyscommand\tnone":                                                          "",
		"sshd\tsshd -T\tauthorizedkeyscommand\t/usr/local/bin/keys %u":                                        "sshd authorizedkeyscommand",
		"sshd\tsshd -T\tauthorizedkeyscommand\t/usr/share/ec2-instance-connect/eic_run_authorized_keys %u %f": "",
		"sshd\tsshd -T\ttrustedusercakeys\t/etc/ssh/ca.pub":                                                   "sshd trustedusercakeys",
		"sshd\tsshd -T\tgssapiauthentication\tyes":                                                            "", // nobody without a keytab
		"key\t/home/admin/.ssh/authorized_keys\t" + own:                                                       "",
		"key\t/root/.ssh/authorized_keys\tno-pty,command=\"echo no\" " + own:                                  "",
		"key\t/srv/deploy/.ssh/authorized_keys\t" + other:                                                     "authorized_keys /srv/deploy/.ssh/authorized_keys",
		"key\t/etc/ssh/keys/admin\tcert-authority " + own:                                                     "authorized_keys /etc/ssh/keys/admin",
		"key\t/root/.ssh/authorized_keys\tno key at all":                                                      "",
		"sudo\tdeploy\t(ALL) NOPASSWD: ALL":                                                                   "sudo deploy",
		"sudo\tadmin\t(ALL : ALL) NOPASSWD: ALL":                                                              "",
		"sudo\tssm-user\t(ALL) NOPASSWD: ALL":                                                                 "",
		"sudo\t/etc/doas.conf\tpermit nopass :wheel":                                                          "sudo /etc/doas.conf",
		"file\tkey\t0\t600\t1\t/etc/key.pem":                                                                  "", // is each instance's own, as far as one tells
	} {
		got := readFound(record+"\n").outsiders("admin", key.PublicKey())
		if text := strings.Join(subjects(got), " and "); text != want {
			t.Errorf("%q: found %q, want %q", record, got, want)
		}
	}
}

// TestWhatIsTheSameOnBoth: secrets of the image are; what each instance makes is not.
func TestWhatIsTheSameOnBoth(t *testing.T) {
	secret := randomText(t, hex.EncodeToString, 32)
	for !looksRandom(secret) { // one in two hundred does not
		secret = randomText(t, hex.EncodeToString, 32)
	}
	record := func(kind, sum, mode, made, path string) string {
		return strings.Join([]string{"file", kind, sum, mode, made, path}, "\t") + "\n"
	}
	for name, c := range map[string]struct{ here, there, want string }{
		"a key of the build":               {record("key", "a", "644", "1", "/opt/p/key.pem"), "", "/opt/p/key.pem"},
		"a key that was copied at boot":    {record("key", "a", "600", "1", "/etc/p/key.pem"), record("key", "a", "600", "2", "/etc/p/key.pem"), "/etc/p/key.pem"},
		"each its own key":                 {record("key", "a", "600", "1", "/etc/p/key.pem"), record("key", "b", "600", "2", "/etc/p/key.pem"), ""},
		"a key of one":                     {record("key", "a", "600", "1", "/etc/p/key.pem"), "end\n", ""},
		"credentials":                      {record("credential", "a", "644", "1", "/root/.netrc"), "", "/root/.netrc"},
		"a file for few, of the build":     {record("file", "a", "640", "1", "/etc/p/db.conf"), "", "/etc/p/db.conf"},
		"a file for few, written at boot":  {record("file", "a", "640", "1", "/etc/p/db.conf"), record("file", "a", "640", "2", "/etc/p/db.conf"), ""},
		"a file for all":                   {record("file", "a", "644", "1", "/etc/p/p.conf"), "", ""},
		"a file for all, with a secret":    {record("file", "a", "644", "1", "/etc/p/p.conf") + "token\t/etc/p/p.conf:" + secret + "\n", "", "/etc/p/p.conf"},
		"a file for all, with a long word": {record("file", "a", "644", "1", "/etc/p/p.conf") + "token\t/etc/p/p.conf:/usr/lib/python3/dist-packages\n", "", ""},
		"the accounts":                     {record("file", "a", "640", "1", "/etc/shadow-"), "", ""},
		"the settings of sshd":             {record("file", "a", "600", "1", "/etc/ssh/sshd_config.d/50-cloud-init.conf"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			here, there := readFound(c.here), readFound(c.there)
			if c.there == "" {
				there = here
			}
			got := here.inCommon(there, "i-1", "i-2")
			if text := strings.Join(subjects(got), " and "); text != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			for _, f := range got {
				if !strings.Contains(f.why, "the same on i-1 and i-2") || strings.Contains(f.why, secret) {
					t.Errorf("it says %q", f.why)
				}
			}
		})
	}
}

func randomText(t *testing.T, encode func([]byte) string, bytes int) string {
	t.Helper()
	b := make([]byte, bytes)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return encode(b)
}

// TestLooksRandom: of a hundred random keys nearly all are seen (995 of 1,000), of the long words of
// configurations none is.
func TestLooksRandom(t *testing.T) {
	for name, encode := range map[string]func([]byte) string{"hex": hex.EncodeToString, "base64": base64.RawStdEncoding.EncodeToString} {
		seen := 0
		for range 100 {
			if looksRandom(randomText(t, encode, 32)) {
				seen++
			}
		}
		if seen < 95 {
			t.Errorf("of 100 keys in %s %d are seen", name, seen)
		}
	}
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{
		"mozilla/Autoridad_de_Certificacion_Firmaprofesional_CIF_A62634068", "/usr/lib/python3/dist-packages", "KbdInteractiveAuthentication",
		"systemd-networkd-wait-online", "short1A2b3C", "mozilla/e-Szigno_TLS_Root_CA_2023", "20261129T024348Z", "550e8400-e29b-41d4-a716",
		base64.StdEncoding.EncodeToString(key.Marshal()),
	} {
		if looksRandom(word) {
			t.Errorf("%s is no key", word)
		}
	}
}

// TestFindingsAreToldOnce: what both instances have is told once and of neither; what the
// catalog allows is not told.
func TestFindingsAreToldOnce(t *testing.T) {
	both, one := finding{"account support", "has a password"}, finding{"sudo deploy", "becomes root"}
	visits := []*visit{
		{machine: Machine{ID: "i-1"}, findings: []finding{both, one}},
		{machine: Machine{ID: "i-2"}, findings: []finding{both}},
	}
	for allow, want := range map[string]string{
		"":                `[account support: has a password (test.allow: ["account support"] accepts it) i-1: sudo deploy: becomes root (test.allow: ["sudo deploy"] accepts it)]`,
		"account support": `[i-1: sudo deploy: becomes root (test.allow: ["sudo deploy"] accepts it)]`,
		"*o*":             "[]", "account *": `[i-1: sudo deploy: becomes root (test.allow: ["sudo deploy"] accepts it)]`,
	} {
		if got := fmt.Sprint(Test{Allow: []string{allow}}.judged(visits)); got != want {
			t.Errorf("allowed %q: %s\nwant %s", allow, got, want)
		}
	}
	for pattern, texts := range map[string][]string{"/etc/*.pem": {"/etc/a/b.pem"}, "a*": {"a"}, "a*b*c": {"abc", "aXbYc"}, "a": {"a"}} {
		for _, text := range texts {
			if !matches(pattern, text) || matches(pattern+"x", text) {
				t.Errorf("%q does not match %q, or also with another end", pattern, text)
			}
		}
	}
	if matches("a*a", "a") || matches("ab*", "b") || slices.Contains([]bool{matches("*.pem", "pem"), matches("", "x")}, true) {
		t.Error("a pattern matches what it must not")
	}
}

// TestAnInspectionThatFailed: where it is not known who is let in, that is a failure.
func TestAnInspectionThatFailed(t *testing.T) {
	for name, c := range map[string]struct {
		printed result
		want    string
	}{
		"cut off":        {result{out: "account\troot\t0\t/root\t/bin/bash\tlocked\n"}, "did not run to its end"},
		"no sudo":        {result{errors: "sudo: a password is required", exit: 1}, "exit status 1: sudo: a password is required"},
		"sshd is broken": {result{out: "error\tsshd -T: no hostkeys available\nend\n"}, "sshd -T: no hostkeys available"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisit(Test{}, Machine{ID: "i-1"}, newKey(t))
			v.shell = answers{"inspection": c.printed}
			v.look(t.Context())
			if len(v.failures) != 1 || !strings.Contains(v.failures[0].String(), c.want) {
				t.Errorf("got %v, want %q", v.failures, c.want)
			}
		})
	}
}
