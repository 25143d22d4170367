package cli

import (
	"testing"

	"github.com/spf13/cobra"

	"amiship/internal/plan"
)

// TestTypedAgain: commands that continue have the profile, the catalog, its vars and the flags
// that matter, quoted for a shell; what does something once is not repeated.
func TestTypedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		profile string
		named   string
		want    string
	}{
		"nothing":            {[]string{"release", "v1"}, "", "amiship release v1", "amiship release v1"},
		"the catalog":        {[]string{"release", "v1", "-f", "my file.yaml"}, "", "amiship release v1", "amiship release v1 --file 'my file.yaml'"},
		"vars":               {[]string{"release", "v1", "--set", "a=$x", "--set", "b=1"}, "", "amiship release v1", "amiship release v1 --set 'a=$x' --set b=1"},
		"a var with signs":   {[]string{"release", "v1", "--set", `"a=x=1,y","a=x=1,y"`}, "", "amiship release v1", `amiship release v1 --set '"a=x=1,y","a=x=1,y"'`},
		"its own":            {[]string{"release", "v1", "--catalog", "c.json", "--wait", "5m", "--no-test"}, "", "amiship release v1", "amiship release v1 --catalog c.json --no-test"},
		"once only":          {[]string{"release", "v1", "--rebuild", "--retest", "--resubmit"}, "", "amiship release v1", "amiship release v1"},
		"a profile":          {[]string{"release", "v1"}, "the vendor", "amiship release v1", "AWS_PROFILE='the vendor' amiship release v1"},
		"an approval":        {[]string{"release", "v1", "--approve", "a@1"}, "", "amiship release v1 --approve b@2", "amiship release v1 --approve a@1 --approve b@2"},
		"approved anew":      {[]string{"release", "v1", "--approve", "a@1"}, "", "amiship release v1 --approve a@2", "amiship release v1 --approve a@2"},
		"another change set": {[]string{"release", "v1", "--approve", "cancel/x/a@1"}, "", "amiship release v1 --approve cancel/x/b@2", "amiship release v1 --approve cancel/x/b@2"},
		"another command":    {[]string{"release", "v1", "-f", "x", "--catalog", "c.json"}, "", "amiship waive r --tag v1", "amiship waive r --tag v1 --file x"},
		"another tag":        {[]string{"release", "v1", "--catalog", "c.json"}, "", "amiship release v1.0", "amiship release v1.0"},
		"a read":             {[]string{"plan", "v1", "-f", "x"}, "", "amiship release v1", "amiship release v1 --file x"},
		"the same":           {[]string{"retire", "--unattended", "-f", "x"}, "", plan.SameCommand + " --approve freeze@1", "amiship retire --file x --approve freeze@1"},
		"the same, a read":   {[]string{"plan", "v1"}, "", plan.SameCommand + " --approve freeze@1", plan.SameCommand + " --approve freeze@1"},
	} {
		a := &app{lost: newLost(), noted: noted{}}
		root := a.root()
		cmd, rest, err := root.Find(c.args)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		cmd.Args = nil
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			got = typedCommand(cmd, args, func(string) string { return c.profile }).command(c.named)
			return nil
		}
		root.SetArgs(append([]string{c.args[0]}, rest...))
		if err := root.ExecuteContext(t.Context()); err != nil || got != c.want {
			t.Errorf("%s: it is typed as\n%s, want\n%s (%v)", name, got, c.want, err)
		}
	}
}
