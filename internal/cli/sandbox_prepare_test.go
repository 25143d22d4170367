package cli

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
)

func TestPrepareNamesTheBases(t *testing.T) {
	var out strings.Builder
	store := bases.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	err := prepare(t.Context(), store, []string{"plan-9"}, &out)
	if err == nil || codeOf(err) != codeUsage || !strings.Contains(err.Error(), "plan-9: there are ubuntu-22.04") {
		t.Errorf("got %v, want wrong usage and the names that there are", err)
	}
	if out.String() != "" {
		t.Errorf("printed %q", &out)
	}
}

func TestLocalBases(t *testing.T) {
	got := baseNames(localBases([]machine.Base{
		{Layer: "base/foreign/none", Arch: "none"},
		{Layer: "base/native/" + runtime.GOARCH, Arch: runtime.GOARCH},
	}))
	if strings.Join(got, " ") != "native" {
		t.Errorf("got %q, want the base of this host's architecture only", got)
	}
}
