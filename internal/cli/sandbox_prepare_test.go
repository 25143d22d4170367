package cli

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
)

func TestPrepareNamesTheBases(t *testing.T) {
	var out strings.Builder
	store := bases.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	for _, name := range []string{"plan-9", "plan-9/arm64", "ubuntu-22.04/vax"} {
		err := prepare(t.Context(), store, []string{name}, &out, time.Hour)
		if err == nil || codeOf(err) != codeUsage || !strings.Contains(err.Error(), strconv.Quote(name)+": known are ubuntu-22.04,") {
			t.Errorf("got %v, want wrong usage and the names that there are", err)
		}
	}
	if out.String() != "" {
		t.Errorf("printed %q", &out)
	}
}

// slowStore builds two bases at once, or none, and is half way until it was asked.
type slowStore struct {
	both  sync.WaitGroup
	asked chan struct{}
	once  sync.Once
	done  atomic.Bool
}

func (s *slowStore) List() []machine.Base {
	return []machine.Base{{Layer: baseLayer("one"), Arch: runtime.GOARCH, Description: "One 1"}, {Layer: baseLayer("two"), Arch: runtime.GOARCH, Description: "Two 2"}}
}

func (s *slowStore) Has(string) bool { return true }

func (s *slowStore) Prepare(context.Context, string) (string, error) {
	s.both.Done()
	s.both.Wait()
	<-s.asked
	s.done.Store(true)
	return "", nil
}

func (s *slowStore) Progress(layer string) float64 {
	if s.done.Load() {
		return 1
	}
	if layer == baseLayer("two") {
		return 0.25
	}
	return 0.75
}

// toldWriter calls a function with what it is given.
type toldWriter struct {
	text strings.Builder
	told func([]byte)
}

func (w *toldWriter) Write(p []byte) (int, error) {
	defer w.told(p)
	return w.text.Write(p)
}

func TestPrepareTellsProgress(t *testing.T) {
	s := &slowStore{asked: make(chan struct{})}
	s.both.Add(2)
	out := toldWriter{told: func(text []byte) {
		if strings.Contains(string(text), " %") {
			s.once.Do(func() { close(s.asked) })
		}
	}}
	if err := prepare(t.Context(), s, nil, &out, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"building one, two\n", "one 75 %, two 25 %; about 5s left\n", "one is ready: One 1\ntwo is ready: Two 2\n"} {
		if !strings.Contains(out.text.String(), want) {
			t.Errorf("%q is not in %q", want, out.text.String())
		}
	}
}

func TestTimeLeft(t *testing.T) {
	for want, c := range map[string]struct {
		spent time.Duration
		share float64
	}{
		"":                   {time.Minute, 0.04},
		"; about 3m0s left":  {time.Minute, 0.25},
		"; about 5s left":    {time.Minute, 0.99},
		"; about 1m30s left": {90 * time.Second, 0.5},
	} {
		if got := timeLeft(c.spent, c.share); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
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
