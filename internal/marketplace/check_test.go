package marketplace

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// good is a version at which Marketplace finds nothing.
func good() Version {
	return Version{
		Title: "GitLab Premium 17.5.0 Release", ReleaseNotes: "https://about.gitlab.com/releases/",
		AMI: "ami-0123456789abcdef0", AccessRole: "arn:aws:iam::123456789012:role/service-role/AwsMarketplaceAmiIngestion",
		User: "ubuntu", OSName: "UBUNTU", OSVersion: "22.04", Usage: "Open http://<address>/.",
		Endpoint: Endpoint{Port: 80, Protocol: "http"}, InstanceType: "m7i.xlarge",
		SecurityGroups: []SecurityGroup{{"tcp", 80, 80, []string{"0.0.0.0/0"}}, {"udp", 1, 65535, []string{"10.0.0.0/8", "172.16.0.0/12"}}},
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Version)
		want   []Fault
	}{
		"nothing":                    {func(*Version) {}, nil},
		"an AMI to come":             {func(v *Version) { v.AMI = "" }, nil},
		"notes to come":              {func(v *Version) { v.ReleaseNotes = "" }, nil},
		"no endpoint":                {func(v *Version) { v.Endpoint = Endpoint{} }, nil},
		"an old AMI id":              {func(v *Version) { v.AMI = "ami-0123abcd" }, nil},
		"64 letters of two bytes":    {func(v *Version) { v.Title = strings.Repeat("ä", 64) }, nil},
		"no title":                   {func(v *Version) { v.Title = "" }, []Fault{{"title", "is empty"}}},
		"a long title":               {func(v *Version) { v.Title = strings.Repeat("ä", 65) }, []Fault{{"title", "has 65 characters, Marketplace accepts 64"}}},
		"a title that begins late":   {func(v *Version) { v.Title = "\u00a0GitLab" }, []Fault{{"title", "begins with a space"}}},
		"a trademark apart":          {func(v *Version) { v.Title = "GitLab ™" }, []Fault{{"title", "has a space before a trademark sign"}}},
		"a title of odd bytes":       {func(v *Version) { v.Title = "a\xff" }, []Fault{{"title", "is no UTF-8"}}},
		"notes that begin late":      {func(v *Version) { v.ReleaseNotes = "\nNew" }, []Fault{{"release_notes", "begins with a space"}}},
		"an AMI of 9":                {func(v *Version) { v.AMI = "ami-012345678" }, []Fault{{"ami", `"ami-012345678" is no id of an AMI`}}},
		"no role":                    {func(v *Version) { v.AccessRole = "" }, []Fault{{"access_role_arn", "is empty"}}},
		"a user for a role":          {func(v *Version) { v.AccessRole = "arn:aws:iam::123456789012:user/x" }, []Fault{{"access_role_arn", `"arn:aws:iam::123456789012:user/x" is no ARN of a role, as arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion is one`}}},
		"a user with a digit first":  {func(v *Version) { v.User = "1st" }, []Fault{{"user_name", `"1st" is no user name of 1 to 32 letters, digits, _ and -`}}},
		"a user of 33":               {func(v *Version) { v.User = strings.Repeat("a", 33) }, []Fault{{"user_name", `"` + strings.Repeat("a", 33) + `" is no user name of 1 to 32 letters, digits, _ and -`}}},
		"a port above all":           {func(v *Version) { v.ScanningPort = 65536 }, []Fault{{"scanning_port", "65536 is no TCP or UDP port"}}},
		"no operating system":        {func(v *Version) { v.OSName = "" }, []Fault{{"operating_system.name", "is empty"}}},
		"an operating system of 101": {func(v *Version) { v.OSVersion = strings.Repeat("1", 101) }, []Fault{{"operating_system.version", "has 101 characters, Marketplace accepts 100"}}},
		"a manual":                   {func(v *Version) { v.Usage = strings.Repeat("a", 4001) }, []Fault{{"usage_instructions", "has 4001 characters, Marketplace accepts 4000"}}},
		"no instance type":           {func(v *Version) { v.InstanceType = "" }, []Fault{{"recommended_instance_type", "is empty"}}},
		"an instance type refused":   {func(v *Version) { v.InstanceType = "c7g.metal-48xl" }, []Fault{{"recommended_instance_type", `"c7g.metal-48xl" is no instance type that Marketplace takes, as m7i.large is one`}}},
		"an endpoint by ftp":         {func(v *Version) { v.Endpoint.Protocol = "ftp" }, []Fault{{"access_endpoint.protocol", `"ftp"; Marketplace has http and https`}}},
		"an endpoint without port":   {func(v *Version) { v.Endpoint.Port = 0 }, []Fault{{"access_endpoint.port", "0 is no TCP or UDP port"}}},
		"an absolute path":           {func(v *Version) { v.Endpoint.Path = "/login" }, []Fault{{"access_endpoint.relative_path", `"/login" begins with /, which Marketplace puts there itself`}}},
		"a long path":                {func(v *Version) { v.Endpoint.Path = strings.Repeat("a", 2001) }, []Fault{{"access_endpoint.relative_path", "has 2001 characters, Marketplace accepts 2000"}}},
		"no security group":          {func(v *Version) { v.SecurityGroups = nil }, []Fault{{"security_groups", "has 0 rules, Marketplace accepts 1 to 25"}}},
		"26 rules":                   {func(v *Version) { v.SecurityGroups = manyRules(26) }, []Fault{{"security_groups", "has 26 rules, Marketplace accepts 1 to 25"}}},
		"a rule for icmp":            {func(v *Version) { v.SecurityGroups[0].Protocol = "icmp" }, []Fault{{"security_groups[0].protocol", `"icmp"; Marketplace has tcp and udp`}}},
		"a port of zero":             {func(v *Version) { v.SecurityGroups[0].From = 0 }, []Fault{{"security_groups[0].from_port", "0 is no TCP or UDP port"}}},
		"ports the wrong way":        {func(v *Version) { v.SecurityGroups[0].To = 79 }, []Fault{{"security_groups[0].to_port", "79 comes before from_port, 80"}}},
		"no ranges":                  {func(v *Version) { v.SecurityGroups[1].Ranges = nil }, []Fault{{"security_groups[1].ip_ranges", "has 0 ranges, Marketplace accepts 1 to 5"}}},
		"six ranges":                 {func(v *Version) { v.SecurityGroups[1].Ranges = slicesOf("172.16.0.0/12", 6) }, []Fault{{"security_groups[1].ip_ranges", "has 6 ranges, Marketplace accepts 1 to 5"}}},
		"an address for a range":     {func(v *Version) { v.SecurityGroups[1].Ranges[1] = "10.0.0.1" }, []Fault{{"security_groups[1].ip_ranges[1]", `"10.0.0.1" is no range of IPv4 addresses, as 0.0.0.0/0 is one`}}},
		"a range of IPv6":            {func(v *Version) { v.SecurityGroups[1].Ranges[1] = "::/0" }, []Fault{{"security_groups[1].ip_ranges[1]", `"::/0" is no range of IPv4 addresses, as 0.0.0.0/0 is one`}}},
		"several at once": {func(v *Version) { v.Title, v.ScanningPort = "", -1 }, []Fault{
			{"title", "is empty"}, {"scanning_port", "-1 is no TCP or UDP port"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			v := good()
			c.change(&v)
			if diff := cmp.Diff(c.want, v.Check()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func manyRules(n int) (out []SecurityGroup) {
	for range n {
		out = append(out, SecurityGroup{"tcp", 1, 1, []string{"172.16.0.0/12"}})
	}
	return out
}

func slicesOf(text string, n int) (out []string) {
	for range n {
		out = append(out, text)
	}
	return out
}

// TestSizeOfDetails: the whole has a limit of its own, counted in what is sent,
// where a < is six characters.
func TestSizeOfDetails(t *testing.T) {
	v := good()
	v.AMI, v.ReleaseNotes = "", "x"
	room := maxDetails - utf8.RuneCountInString(v.Details()) - len(anyAMI)
	v.ReleaseNotes = strings.Repeat("ä", 1+room)
	if faults := v.Check(); len(faults) > 0 {
		t.Errorf("exactly as much as AWS takes: %v", faults)
	}
	v.ReleaseNotes += "ä"
	if diff := cmp.Diff([]Fault{{"release_notes", "makes the details of the change 16385 characters of JSON, AWS accepts 16384"}}, v.Check()); diff != "" {
		t.Error(diff)
	}
	v.ReleaseNotes, v.Usage = "", strings.Repeat("<", 4000)
	if faults := v.Check(); len(faults) != 1 || faults[0].Field != "usage_instructions" {
		t.Errorf("got %v, want the usage instructions to be too long", faults)
	}
}

func TestReleaseNotesAlone(t *testing.T) {
	for text, want := range map[string]string{
		"New": "", "": "is empty", " New": "begins with a space", strings.Repeat("ä", 30001): "has 30001 characters, Marketplace accepts 30000",
	} {
		err := CheckReleaseNotes(text)
		if (want == "") != (err == nil) || err != nil && err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, ok := range map[string]bool{
		"prod-abcdefghijklm": true, "prod-0123456789abcdefghijklmno": true, "01234567-89ab-cdef-0123-456789abcdef": true,
		"prod-abcdefghijkl": false, "prod-abcdefghijklmn": false, "GitLab Premium": false, "": false, "prod-abcdefghijklm@3": false,
	} {
		if err := CheckProduct(id); (err == nil) != ok {
			t.Errorf("%q: got %v", id, err)
		}
	}
	for arn, want := range map[string]string{"arn:aws:iam::444455556666:role/seller": "444455556666", "arn:aws:iam::4444:role/seller": "", "": ""} {
		if got := RoleAccount(arn); got != want {
			t.Errorf("%q: got %q, want %q", arn, got, want)
		}
	}
}
