package packer

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestRedactorTakesEachForm: of secrets that programs spell in many ways.
func TestRedactorTakesEachForm(t *testing.T) {
	secrets := map[string]string{
		"JSON":        `{"plan": "top", "key": "s3cret-k3y", "note": "a\nb"}`,
		"lines":       "BEGIN LICENSE\r\nfirst, \"second\"\nEND & OVER\n",
		"unicode":     "clé-ß-😀-$ecret",
		"percent":     "100%-of-%!(PACKER_COMMA)-%41,x",
		"a shell's":   "it's `a` $ecret\\",
		"a long one":  strings.Repeat("0123456789abcdef,", 20),
		"backslashes": `C:\new\root`,
		"all of them": "BEGIN, \"top\" 100%\nkéy: s3cr%et,k3y'x\\n more\nEND of it",
	}
	for name, secret := range secrets {
		whole := strings.TrimSpace(secret)
		quoted, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		in64 := base64.StdEncoding.EncodeToString([]byte(whole + "\n"))
		printed := map[string]string{
			"as it is": whole, "escaped": escape.Replace(whole), "in JSON": string(quoted), "in JSON, escaped": escape.Replace(string(quoted)),
			"in JSON, read": unescape.Replace(string(quoted)), "in base64": in64, "in base64 for a URL": base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"in base64, a line": in64[:min(76, len(in64))], "in a URL": url.QueryEscape(whole), "in a path": url.PathEscape(whole),
			"in bash":    strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(whole),
			"in a shell": strings.ReplaceAll(whole, "'", `'\''`), "its first line": strings.TrimSpace(strings.Split(whole, "\n")[0]),
		}
		r := NewRedactor([]string{"another secret", secret})
		for form, text := range printed {
			if got := r.Replace("<" + text + ">"); strings.Contains(got, text) || !strings.Contains(got, hidden) || got[0] != '<' {
				t.Errorf("%s, %s: %q became %q", name, form, text, got)
			}
		}
	}
}

func TestRedactorLeavesTheRest(t *testing.T) {
	const text = "a test of test/prometheus: latest, tested; 7 of 12"
	for secret, want := range map[string]string{
		"": text, "a": text, "12": text, "tes": text,
		"test":   "a [secret] of [secret]/prometheus: latest, tested; 7 of 12",
		"tested": "a test of test/prometheus: latest, [secret]; 7 of 12",
		"secret": text, "other!": text,
	} {
		if got := NewRedactor([]string{secret}).Replace(text); got != want {
			t.Errorf("%q: got %q, want %q", secret, got, want)
		}
	}
}

func TestRedactorTakesOnceWhatBeginsAnother(t *testing.T) {
	got := NewRedactor([]string{"hunter2", "hunter2-and-more"}).Replace("x hunter2-and-more hunter2")
	if got != "x [secret] [secret]" {
		t.Errorf("got %q", got)
	}
}

func TestSecretsOfAnEnvironment(t *testing.T) {
	got := NewRedactor(secretsIn([]string{
		"AWS_SECRET_ACCESS_KEY=key/0815", "AWS_SESSION_TOKEN=session==", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/token",
		"HTTPS_PROXY=http://user:p%40ssword@proxy.example.com", "https_proxy=no address: %", "AWS_REGION=us-east-1", "no entry",
	})).Replace("key/0815 session== /var/run/token p%40ssword p@ssword proxy.example.com us-east-1")
	if want := "[secret] [secret] /var/run/token [secret] [secret] proxy.example.com us-east-1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
