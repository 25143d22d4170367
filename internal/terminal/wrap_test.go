package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWrapHangs(t *testing.T) {
	for name, c := range map[string]struct {
		line    string
		columns int
		want    []string
	}{
		"fits":               {"a b c", 5, []string{"a b c"}},
		"below its column":   {"  waiting  copy it: AWS is copying ami-1", 24, []string{"  waiting  copy it: AWS", "           is copying", "           ami-1"}},
		"below the speaker":  {"amiship: account 1, as someone", 48 / 2, []string{"amiship: account 1, as", "    someone"}},
		"below its own text": {"           a blocker and why", 20, []string{"           a blocker", "          and why"}},
		"words in one piece": {"  raise  amiship\u00a0unblock\u00a0quota raise (takes days)", 24, []string{"  raise", "         amiship unblock quota", "         raise (takes", "         days)"}},
		"too long a word":    {"arn:aws:iam::123456789012:user/vendor", 10, []string{"arn:aws:iam::123456789012:user/vendor"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Wrap(c.line, c.columns)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWrapLosesNothing: of any text every word is there, in its order, and a piece is too
// wide only where one word is.
func TestWrapLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-zäß界,:]{1,14}`)).Draw(t, "words"), rapid.SampledFrom([]string{" ", "  "}).Draw(t, "gap"))
		columns := rapid.IntRange(1, 60).Draw(t, "columns")
		pieces := Wrap(text, columns)
		if got := strings.Fields(strings.Join(pieces, " ")); !cmp.Equal(got, strings.Fields(text)) && len(got) > 0 {
			t.Fatalf("%q became %q", text, pieces)
		}
		for _, piece := range pieces {
			if ansi.StringWidth(piece) > columns && len(strings.Fields(piece)) > 1 {
				t.Fatalf("%q is wider than %d", piece, columns)
			}
		}
	})
}

func fitted(columns int, color bool) (*bytes.Buffer, *Page) {
	var out bytes.Buffer
	return &out, NewPage(&out, func() int { return columns }, color)
}

// TestPageChangesNothingOnAPipe: programs read it.
func TestPageChangesNothingOnAPipe(t *testing.T) {
	var out bytes.Buffer
	page := NewPage(&out, nil, false)
	long := strings.Repeat("word ", 100) + "\nno end"
	if _, err := page.Write([]byte(Paint(page, Bad, long) + Unbroken(page, "a b"))); err != nil || out.String() != long+"a b" {
		t.Errorf("%q, %v", &out, err)
	}
}

func TestPageFitsWhatComesInPieces(t *testing.T) {
	out, page := fitted(12, true)
	for _, piece := range []string{"one two", " three four\nfive", " [y/N] "} {
		if _, err := page.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != "one two\n    three\n    four\n" {
		t.Errorf("%q", got)
	}
	if err := page.Flush(); err != nil || !strings.HasSuffix(out.String(), "\nfive [y/N] ") {
		t.Errorf("%q, %v", out, err)
	}
	if got := Paint(page, Good, "ok"); got != "\x1b[32mok\x1b[m" {
		t.Errorf("%q", got)
	}
}

func TestTableFits(t *testing.T) {
	for name, c := range map[string]struct {
		columns int
		want    string
	}{
		"on a pipe": {0, `
  IMAGE  REGION     NAME              STATE
  ce     us-east-1  Product of Ours   public, shared with 2 accounts
  ee     eu-west-1  Product of Yours  private
`},
		"without a column": {60, `
  IMAGE  REGION     STATE
  ce     us-east-1  public, shared with 2 accounts
  ee     eu-west-1  private
`},
		"with lines of its last column": {44, `
  IMAGE  REGION     STATE
  ce     us-east-1  public, shared with 2
                    accounts
  ee     eu-west-1  private
`},
		"as lines": {24, `
  IMAGE  REGION
      STATE
  ce     us-east-1
      public, shared
      with 2 accounts
  ee     eu-west-1
      private
`},
	} {
		t.Run(name, func(t *testing.T) {
			out, page := fitted(c.columns, false)
			table := NewTable(page, "NAME")
			table.Write([]byte("  IMAGE\tREGION\tNAME\tSTATE\n  ce\tus-east-1\tProduct of Ours\tpublic, shared with 2 accounts\n"))
			table.Write([]byte("  ee\teu-west-1\tProduct of Yours\tprivate\n"))
			table.Flush()
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), out.String()); diff != "" {
				t.Errorf("%s\n%s", diff, out)
			}
		})
	}
}

func TestColored(t *testing.T) {
	for name, c := range map[string]struct {
		when string
		tty  bool
		env  map[string]string
		want bool
	}{
		"a terminal":                 {Auto, true, nil, true},
		"a pipe":                     {Auto, false, nil, false},
		"a dumb terminal":            {Auto, true, map[string]string{"TERM": "dumb"}, false},
		"none wanted":                {Auto, true, map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false},
		"none wanted, as BSD says":   {Auto, true, map[string]string{"CLICOLOR": "0"}, false},
		"forced on a pipe":           {Auto, false, map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true},
		"forced off":                 {Auto, false, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		"the flag over NO_COLOR":     {Always, false, map[string]string{"NO_COLOR": "1"}, true},
		"the flag over all the rest": {Never, true, map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Colored(c.when, c.tty, func(name string) string { return c.env[name] }); got != c.want {
				t.Errorf("colored: %v", got)
			}
		})
	}
}
