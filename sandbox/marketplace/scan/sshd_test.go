package scan_test

import (
	"strconv"
	"strings"
	"testing"
)

const (
	later = "etc/ssh/sshd_config.d/70-vendor.conf"
	first = "etc/ssh/sshd_config.d/10-vendor.conf"
	at    = " /etc/ssh/sshd_config"
	atD   = " /etc/ssh/sshd_config.d/"
)

func TestLogins(t *testing.T) {
	const no = "PasswordAuthentication no\n"
	check(t, map[string]planted{
		"passwords by default":          {image{dropIn: ""}, "password-login" + at, "this is the default"},
		"passwords before the drop-ins": {image{config: "PasswordAuthentication yes\n" + sshd}, "password-login" + at, "PasswordAuthentication yes allows logins with a password (line 1)"},
		"passwords after them":          {image{config: sshd + "PasswordAuthentication yes\n"}, "", ""},
		"passwords in an earlier one":   {image{first: "PasswordAuthentication yes\n"}, "password-login" + atD + "10-vendor.conf", "(line 1)"},
		"passwords in a later one":      {image{later: "PasswordAuthentication yes\n"}, "", ""},
		"drop-ins that are not read":    {image{config: strings.Replace(sshd, "Include", "#Include", 1)}, "password-login" + at, "this is the default"},
		"a drop-in of another name":     {image{dropIn: "", first + ".off": no}, "password-login" + at, ""},
		"a hidden drop-in":              {image{dropIn: "", "etc/ssh/sshd_config.d/.10.conf": no}, "password-login" + at, ""},
		"included by its name":          {image{dropIn: "", config: "Include extra/*.d/[!b]? none /etc/ssh/none/*\n" + sshd, "etc/ssh/extra/x.d/a1": no, "etc/ssh/extra/x.d/b1": "PermitRootLogin yes\n"}, "", ""},
		"two of one Include":            {image{config: "Include b a\n" + sshd, "etc/ssh/b": no, "etc/ssh/a": "PasswordAuthentication yes\nPermitRootLogin yes\n"}, "root-login /etc/ssh/a", "(line 2)"},
		"without end":                   {image{dropIn: "Include /etc/ssh/sshd_config\n"}, "sshd" + at, "does not start"},
		"other spellings":               {image{dropIn: "", config: " passwordAUTHENTICATION = \"No\" # by us\r\n" + sshd}, "", ""},
		"a comment":                     {image{dropIn: "#PasswordAuthentication no\n"}, "password-login" + at, ""},
		"what is no value":              {image{dropIn: "PasswordAuthentication false\n"}, "password-login" + atD + "60-cloudimg-settings.conf", ""},
		"no value":                      {image{dropIn: "PasswordAuthentication\n"}, "password-login" + at, ""},
		"root":                          {image{later: "PermitRootLogin yes\n"}, "root-login" + atD + "70-vendor.conf", "allows root"},
		"root, by its key":              {image{later: "PermitRootLogin prohibit-password\n"}, "", ""},
		"root, too late":                {image{first: "PermitRootLogin no\n", later: "PermitRootLogin yes\n"}, "", ""},
		"empty passwords":               {image{later: "PermitEmptyPasswords yes\n"}, "empty-passwords" + atD + "70-vendor.conf", ""},
		"passwords by PAM":              {image{later: "KbdInteractiveAuthentication yes\n"}, "password-login" + atD + "70-vendor.conf", "by PAM"},
		"by PAM, by default":            {image{config: strings.Replace(sshd, "KbdInteractive", "#", 1)}, "password-login" + at, "this is the default"},
		"by PAM, by its old name":       {image{config: strings.Replace(sshd, "KbdInteractive", "ChallengeResponse", 1), later: "ChallengeResponseAuthentication yes\n"}, "password-login" + atD + "70-vendor.conf", "by PAM"},
		"its old name says no":          {image{config: strings.Replace(sshd, "KbdInteractive", "ChallengeResponse", 1)}, "", ""},
		"its oldest name says no":       {image{config: strings.Replace(sshd, "KbdInteractive", "Skey", 1)}, "", ""},
		"by PAM, and there is none":     {image{first: "UsePAM no\nKbdInteractiveAuthentication yes\n"}, "", ""},
	})
}

func TestMatch(t *testing.T) {
	const yes = "PasswordAuthentication yes\n"
	check(t, map[string]planted{
		"passwords for some":            {image{later: "Match User deploy Address 10.0.0.0/8\n" + yes}, "password-login" + atD + "70-vendor.conf", "where it matches User deploy Address 10.0.0.0/8 (line 2)"},
		"no passwords for some":         {image{dropIn: "Match User deploy\nPasswordAuthentication no\n"}, "password-login" + at, "this is the default"},
		"for some and for all":          {image{config: yes + "Match Group x\nPermitRootLogin yes\n"}, "password-login" + at + "|root-login" + at, "matches Group x"},
		"the same condition, first no":  {image{later: "Match User a\nPasswordAuthentication no\nMatch User b\nMatch User a\n" + yes}, "", ""},
		"the same condition, first yes": {image{later: "Match User a\n" + yes + "Match User a\nPasswordAuthentication no\n"}, "password-login" + atD + "70-vendor.conf", "matches User a (line 2)"},
		"back to everybody":             {image{dropIn: "", config: sshd + "Match User a\nMatch all # of them\nPasswordAuthentication no\n"}, "", ""},
		"back to everybody, too late":   {image{config: sshd + "Match User a\nMatch all\n" + yes}, "", ""},
		"it ends with its file":         {image{first: "Match User a\n", dropIn: "PasswordAuthentication no\n"}, "", ""},
		"an Include in it":              {image{config: sshd + "Match User a\nInclude extra\nPermitEmptyPasswords yes\n", "etc/ssh/extra": yes + "Match Host b\nPermitRootLogin yes\nMatch all\nKbdInteractiveAuthentication yes\n"}, "empty-passwords" + at + "|password-login /etc/ssh/extra|password-login /etc/ssh/extra|root-login /etc/ssh/extra", "matches User a Host b (line 3)"},
		"an Include in it says no":      {image{dropIn: "", config: "Match User a\nInclude extra\nMatch all\n" + sshd, "etc/ssh/extra": "PasswordAuthentication no\n"}, "password-login" + at, "this is the default"},
	})
}

// TestDepth: as deep as sshd goes, and not further.
func TestDepth(t *testing.T) {
	chain := func(depth int) image {
		i := image{dropIn: "", config: "Include 1\n" + sshd}
		for n := 1; n < depth; n++ {
			i["etc/ssh/"+strconv.Itoa(n)] = "Include " + strconv.Itoa(n+1) + "\n"
		}
		i["etc/ssh/"+strconv.Itoa(depth)] = "PasswordAuthentication no\n"
		return i
	}
	check(t, map[string]planted{
		"sixteen":   {chain(16), "", ""},
		"seventeen": {chain(17), "sshd" + at, "without end"},
	})
}

func TestPorts(t *testing.T) {
	const (
		unit     = "usr/lib/systemd/system/ssh.socket"
		wanted   = "etc/systemd/system/sockets.target.wants/ssh.socket"
		here     = "etc/systemd/system/ssh.socket.d/override.conf"
		earlier  = "etc/systemd/system/ssh.socket.d/a.conf"
		onSocket = "port /usr/lib/systemd/system/ssh.socket"
		writes   = "usr/lib/systemd/system-generators/sshd-socket-generator*"
	)
	socket := image{unit: "[Socket]\nListenStream=22\nAccept=no\n", wanted: "-> /" + unit}
	check(t, map[string]planted{
		"another port":                {image{later: "Port 2222\n"}, "port" + at, "not listen on port 22, which the version names, but on 2222"},
		"both":                        {image{later: "Port 2222\nPort 22\n"}, "", ""},
		"an address with its port":    {image{later: "ListenAddress 0.0.0.0:2222\n"}, "port" + at, "but on 2222"},
		"an address without":          {image{later: "ListenAddress ::\n"}, "", ""},
		"an address of version six":   {image{later: "Port 2222\nListenAddress [::]:22\n"}, "", ""},
		"loopback only":               {image{later: "ListenAddress 127.0.0.1\nListenAddress [::1]:22\nListenAddress localhost\n"}, "port" + at, "none that can be reached"},
		"a socket":                    {socket, "", ""},
		"a socket that is not wanted": {socket.with(image{wanted: "", here: "[Socket]\nListenStream=\nListenStream=2222\n"}), "", ""},
		"a masked socket":             {socket.with(image{"etc/systemd/system/ssh.socket": "-> /dev/null", here: "[Socket]\nListenStream=\n"}), "", ""},
		"a socket on another":         {socket.with(image{here: "[Socket]\nListenStream=\nListenStream=0.0.0.0:2222\n"}), onSocket, "but on 2222"},
		"a socket on both":            {socket.with(image{here: "[Socket]\n ListenStream = 2222\n"}), "", ""},
		"a socket for itself":         {socket.with(image{here: "[Socket]\nListenStream=\nListenStream=127.0.0.1:22\nListenStream=/run/x\n"}), onSocket, "none that can be reached"},
		"drop-ins by their names":     {socket.with(image{here: "[Socket]\nListenStream=\nListenStream=22\n", earlier: "[Socket]\nListenStream=\nListenStream=2222\n"}), "", ""},
		"a drop-in instead":           {socket.with(image{here: "[Socket]\n", unit + ".d/override.conf": "[Socket]\nListenStream=\n"}), "", ""},
		"a unit instead":              {socket.with(image{"etc/systemd/system/ssh.socket": "[Socket]\nListenStream=2222\n"}), "port /etc/systemd/system/ssh.socket", "but on 2222"},
		"of another name":             {image{"lib/systemd/system/sshd.socket": "[Socket]\nListenStream=2222\n", "etc/systemd/system/sockets.target.wants/sshd.socket": "-> /x"}, "port /lib/systemd/system/sshd.socket", "but on 2222"},
		"sshd does not listen itself": {socket.with(image{later: "Port 2222\n"}), "", ""},
		"a generated drop-in":         {socket.with(image{later: "Port 2222\n", writes: "x"}), onSocket, "but on 2222"},
		"a drop-in as is generated":   {socket.with(image{later: "Port 2222\n", writes: "x", "etc/systemd/system/ssh.socket.d/addresses.conf": "[Socket]\n"}), "", ""},
		"a generator with nothing":    {socket.with(image{unit: "[Socket]\nListenStream=2222\n", writes: "x"}), onSocket, "but on 2222"},
		"a generator with no work":    {socket.with(image{writes: "x"}), "", ""},
	})
}
