package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// row is one measure.
type row struct {
	bench int
	what  string
	value float64
	unit  string // behind values: "s", "MB", "/s"; empty: a number of things
	aim   string // in words; empty: none
	met   bool   // the aim
	// peer is what was measured beside it in the same run; empty: nothing.
	peer  string
	other float64 // the peer's value
	more  bool    // a greater value is better; else a smaller one
	// limit is what physics, or the API, allows at least, and why; 0: it is not named.
	limit float64
	why   string
}

// less is a row whose aim is not to exceed most.
func less(what string, value, most float64, unit string) row {
	r := row{what: what, value: value, unit: unit, met: value <= most}
	r.aim = "at most " + figure(most) + spaced(unit)
	return r
}

// beside adds what a peer takes for the same.
func (r row) beside(peer string, value float64) row {
	r.peer, r.other = peer, value
	return r
}

// within names the limit.
func (r row) within(limit float64, why string) row {
	r.limit, r.why = limit, why
	return r
}

// ratio is how many times better than the peer it is; 0: there is none.
func (r row) ratio() float64 {
	switch {
	case r.peer == "" || r.value == 0 || r.other == 0:
		return 0
	case r.more:
		return r.value / r.other
	}
	return r.other / r.value
}

// key finds the same measure in another table.
func (r row) key() string { return fmt.Sprintf("%d %s", r.bench, r.what) }

// cells are the row of the document.
func (r row) cells() []string {
	aim, peer, ratio := r.aim, "", ""
	if aim != "" && !r.met {
		aim += ": missed"
	}
	if r.peer != "" {
		peer = r.peer + ": " + figure(r.other) + spaced(r.unit)
	}
	if x := r.ratio(); x > 0 {
		ratio = figure(x)
	}
	limit := ""
	if r.limit > 0 {
		limit = figure(r.limit) + spaced(r.unit) + ", " + r.why + ": " + figure(r.value/r.limit) + " times"
	}
	return []string{strconv.Itoa(r.bench), r.what, figure(r.value) + spaced(r.unit), aim, peer, ratio, limit}
}

func header() []string {
	return []string{"#", "measure", "Amiship", "aim", "beside it", "times better", "the limit"}
}

func spaced(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// figure shows three digits that count, or all before the point.
func figure(x float64) string {
	digits := 2
	if x != 0 {
		digits = min(max(2-int(math.Floor(math.Log10(math.Abs(x)))), 0), 4)
	}
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// past is what a row of a committed table holds.
type past struct{ value, ratio float64 }

// read finds the rows of a document.
func read(text string) map[string]past {
	out := map[string]past{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != len(header()) && len(cells) != len(header())-1 { // without limits, as it was
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		number, _, _ := strings.Cut(cells[2], " ")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			continue
		}
		ratio, _ := strconv.ParseFloat(cells[5], 64)
		out[cells[0]+" "+cells[1]] = past{value, ratio}
	}
	return out
}

// allowed is what a measure may lose before it counts as worse: noise is less.
const allowed = 1.25

// worse reports whether a row is worse than it was by a quarter. Where a peer was
// measured beside it, both times, the ratio says so: machines differ.
func (r row) worse(was past) bool {
	switch x := r.ratio(); {
	case x > 0 && was.ratio > 0:
		return x*allowed < was.ratio
	case r.more:
		return r.value*allowed < was.value
	}
	return r.value > was.value*allowed
}

// committed is the table that git has.
func committed(ctx context.Context) map[string]past {
	text, err := exec.CommandContext(ctx, "git", "show", "HEAD:"+document).Output()
	if err != nil {
		return nil // there is none yet
	}
	return read(string(text))
}

// show prints the table, and in red what has become worse.
func show(out *os.File, rows []row, before map[string]past) error {
	red, plain := "", ""
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		red, plain = "\x1b[31m", "\x1b[0m"
	}
	return print(out, rows, before, red, plain)
}

func print(out io.Writer, rows []row, before map[string]past, red, plain string) error {
	table := [][]string{header()}
	for _, r := range rows {
		table = append(table, r.cells())
	}
	widths := widest(table)
	var b strings.Builder
	for i, cells := range table {
		line := strings.TrimRight(aligned(cells, widths), " ")
		if i > 0 {
			if was, ok := before[rows[i-1].key()]; ok && rows[i-1].worse(was) {
				line = red + line + "   WORSE: it was " + was.String(rows[i-1]) + plain
			}
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String is what was better, in the words of the row that it is now.
func (p past) String(r row) string {
	if r.ratio() > 0 && p.ratio > 0 {
		return figure(p.ratio) + " times better"
	}
	return figure(p.value) + spaced(r.unit)
}

func widest(table [][]string) []int {
	out := make([]int, len(header()))
	for _, cells := range table {
		for i, c := range cells {
			out[i] = max(out[i], len(c))
		}
	}
	return out
}

func aligned(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(c + strings.Repeat(" ", widths[i]-len(c)+2))
	}
	return b.String()
}
