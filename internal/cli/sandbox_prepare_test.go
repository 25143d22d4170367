package cli

import (
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
)

func TestPrepareNamesTheBases(t *testing.T) {
	var out strings.Builder
	store := bases.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	for _, name := range []string{"plan-9", "plan-9/arm64", "ubuntu-22.04/vax"} {
		err := prepare(t.Context(), store, []string{name}, &out)
		if err == nil || codeOf(err) != codeUsage || !strings.Contains(err.Error(), strconv.Quote(name)+": known are ubuntu-22.04,") {
			t.Errorf("got %v, want wrong usage and the names that there are", err)
		}
	}
	if out.String() != "" {
		t.Errorf("printed %q", &out)
	}
}

func TestBaseNames(t *testing.T) {
	all := []machine.Base{
		{Layer: "base/foreign/none", Arch: "none"},
		{Layer: "base/native/" + runtime.GOARCH, Arch: runtime.GOARCH},
	}
	if got := ownBases(all); strings.Join(got, " ") != "native" {
		t.Errorf("without names: %q, want the base of this host's processor only", got)
	}
	for i, want := range []string{"foreign/none", "native"} {
		if got := baseName(all[i]); got != want || baseLayer(got) != all[i].Layer {
			t.Errorf("%s is called %s, which is %s; want %s", all[i].Layer, got, baseLayer(got), want)
		}
	}
}
