package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFigure(t *testing.T) {
	for want, x := range map[string]float64{
		"0": 0, "99": 99, "1.05": 1.05, "0.0787": 0.0787, "11400": 11400, "7.92": 7.92, "227": 227.4, "0.001": 0.001, "40": 40,
	} {
		if got := figure(x); got != want {
			t.Errorf("%v is %s, want %s", x, got, want)
		}
	}
}

// TestWorse: a quarter is worse; a ratio says more than a figure of one machine.
func TestWorse(t *testing.T) {
	slow := row{value: 10, unit: "s"}
	fast := row{value: 100, unit: "/s", more: true}
	for name, c := range map[string]struct {
		row   row
		was   past
		worse bool
	}{
		"as it was":                          {slow, past{value: 10}, false},
		"a fifth slower":                     {slow, past{value: 8.4}, false},
		"a third slower":                     {slow, past{value: 7.5}, true},
		"faster":                             {slow, past{value: 20}, false},
		"fewer a second":                     {fast, past{value: 130}, true},
		"more a second":                      {fast, past{value: 50}, false},
		"something where nothing was":        {row{value: 1}, past{value: 0}, true},
		"slower, and so is the peer":         {slow.beside("peer", 30), past{value: 5, ratio: 3}, false},
		"as fast, and the peer faster":       {slow.beside("peer", 20), past{value: 10, ratio: 3}, true},
		"fewer a second, and of the peer":    {fast.beside("peer", 50), past{value: 200, ratio: 2}, false},
		"no peer today":                      {slow, past{value: 10, ratio: 3}, false},
		"no peer then, and slower than then": {slow.beside("peer", 20), past{value: 5}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.row.worse(c.was); got != c.worse {
				t.Errorf("worse: %t, want %t", got, c.worse)
			}
		})
	}
}

func sample() []row {
	missed := less("lag", 6, 5, "s")
	missed.bench = 3
	faster := less("plan", 0.5, 1, "s").beside("a loop", 50)
	faster.bench = 1
	return []row{faster, missed}
}

// TestPrint: what has become worse is red, and says what it was.
func TestPrint(t *testing.T) {
	var b strings.Builder
	if err := print(&b, sample(), map[string]past{"1 plan": {0.1, 500}, "3 lag": {6, 0}}, "<red>", "<plain>"); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		isPlan := strings.Contains(line, "plan")
		if red := strings.HasPrefix(line, "<red>"); red != isPlan || red && !strings.Contains(line, "it was 500 times better<plain>") {
			t.Errorf("line %q", line)
		}
	}
	if !strings.Contains(b.String(), "at most 5 s: missed") {
		t.Errorf("an aim that is missed is not shown:\n%s", &b)
	}
}

// TestKeep: the document can be read again; what people wrote around the table, and
// benches that did not run, stay.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(path, []byte("# Before\n\n"+begins+"\n"+ends+"\n\nAfter.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	here := machine{cpu: "A CPU", cores: 2, memory: 4, load: "0.10"}
	if err := keep(path, here, sample(), true); err != nil {
		t.Fatal(err)
	}
	again := row{bench: 3, what: "lag", value: 4, unit: "s"}
	if err := keep(path, here, []row{again}, false); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := read(string(text))
	if len(rows) != 2 || rows["1 plan"] != (past{0.5, 100}) || rows["3 lag"] != (past{4, 0}) {
		t.Errorf("rows %v of\n%s", rows, text)
	}
	for _, want := range []string{"# Before", "After.", here.String()} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	here.cores = 64
	if err := keep(path, here, []row{again}, false); err == nil {
		t.Error("a part of a table was written into another machine's")
	}
}

func TestNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want int
		ok   bool
	}{
		"all":     {nil, len(benches()), true},
		"two":     {[]string{"6", "1", "6"}, 2, true},
		"no word": {[]string{"lag"}, 0, false},
		"none":    {[]string{"0"}, 0, false},
		"too far": {[]string{"99"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := numbers(c.args)
			if len(got) != c.want || (err == nil) != c.ok {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestRegions: the list has each once.
func TestRegions(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range regions34() {
		seen[r] = true
	}
	if len(seen) != 34 || len(nineteen()) != 19 {
		t.Errorf("%d regions, of which %d are the first customer's", len(seen), len(nineteen()))
	}
}
