package cli

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestEvalOfASandboxThatIsGone: a shell that evaluates a failure fails, and has neither its
// own credentials any longer nor an address that answers.
func TestEvalOfASandboxThatIsGone(t *testing.T) {
	for name, args := range map[string][]string{
		"not running":   {"--state", t.TempDir()},
		"no state":      nil,
		"unknown flag":  {"--stat", "x"},
		"unknown place": {"--state", t.TempDir(), "--region", "mars-north-1"},
	} {
		var out, said bytes.Buffer
		code := Main(t.Context(), append([]string{"sandbox", "env"}, args...), Stdio{Out: &out, Err: &said}, Version{})
		if code == codeDone || !strings.Contains(said.String(), "amiship: ") {
			t.Errorf("%s: it ends with %d: %s", name, code, &said)
		}
		sh := exec.CommandContext(t.Context(), "sh", "-c", `eval "$1"; echo "$? $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID ${AWS_PROFILE-none} ${AWS_ENDPOINT_URL_EC2-none} $AWS_SHARED_CREDENTIALS_FILE"`, "sh", out.String())
		sh.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=real", "AWS_PROFILE=real", "AWS_ENDPOINT_URL_EC2=real", "AWS_SHARED_CREDENTIALS_FILE=real")
		got, err := sh.CombinedOutput()
		if want := "1 http://127.0.0.1:1 no-sandbox-is-running none none /dev/null\n"; err != nil || string(got) != want {
			t.Errorf("%s: the shell has %s%v, want %s", name, got, err, want)
		}
	}
}
