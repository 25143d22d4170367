package awsapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signers answers who signed a request, as the account's id.
func signers(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", key)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// files are the SDK's own, with a profile for each key.
func files(t *testing.T, profiles ...string) {
	t.Helper()
	dir := t.TempDir()
	var settings, keys strings.Builder
	for _, p := range profiles {
		fmt.Fprintf(&settings, "[profile %s]\nregion = eu-west-3\n", p)
		fmt.Fprintf(&keys, "[%s]\naws_access_key_id = AKIA%s\naws_secret_access_key = secret\n", p, strings.ToUpper(p))
	}
	for name, text := range map[string]string{"config": settings.String(), "credentials": keys.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
}

// TestLoadProfile: a profile that is named wins over everything around it.
func TestLoadProfile(t *testing.T) {
	files(t, "customer", "other")
	t.Setenv("AWS_ENDPOINT_URL", signers(t))
	for name, env := range map[string]map[string]string{
		"nothing else":         {},
		"keys in the variable": {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"},
		"another profile":      {"AWS_PROFILE": "other"},
		"both":                 {"AWS_PROFILE": "other", "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"} {
				t.Setenv(key, env[key])
			}
			c, err := LoadProfile(t.Context(), "us-east-1", "customer")
			if err != nil {
				t.Fatal(err)
			}
			if who, _, err := c.Identity(t.Context()); err != nil || who != "AKIACUSTOMER" {
				t.Errorf("the caller is %s (%v)", who, err)
			}
		})
	}
}

func TestLoadProfileThatIsNotThere(t *testing.T) {
	files(t, "customer")
	if _, err := LoadProfile(t.Context(), "us-east-1", "nobody"); !IsNoProfile(err) {
		t.Errorf("got %v", err)
	}
}
