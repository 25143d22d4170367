package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestProfiles: AWS's own client becomes each account by nothing but a profile,
// after a restart at another address too.
func TestProfiles(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "world.yaml")
	text := "accounts:\n  - {name: builder, id: \"111122223333\"}\n  - {name: the other one, id: \"444455556666\"}\n"
	if err := os.WriteFile(world, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	for range 2 {
		p := start(t, state, world)
		for profile, want := range map[string]string{
			"vendor": "123456789012", "customer": "210987654321", "marketplace": "679593333241",
			"builder": "111122223333", "111122223333": "111122223333", "444455556666": "444455556666",
		} {
			if got := p.profile(t, profile); got != want {
				t.Errorf("profile %s is account %s, want %s", profile, got, want)
			}
		}
		if err := p.term(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{ConfigFile, CredentialsFile} {
		info, err := os.Stat(filepath.Join(state, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want 0600", name, info.Mode(), err)
		}
	}
}

// profile asks who a profile is.
func (p *process) profile(t *testing.T, name string) string {
	t.Helper()
	out, err := sts.NewFromConfig(p.profileConfig(t, name)).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatalf("as %s: %v", name, err)
	}
	return aws.ToString(out.Account)
}
