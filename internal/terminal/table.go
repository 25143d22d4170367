package terminal

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/charmbracelet/x/ansi"
)

// gap is the space between two columns of a table.
const gap = 2

// least is how narrow the last column may become, whose texts are broken at words.
const least = 24

// Table lays out lines whose cells end in tabs. Where they do not fit, it leaves out columns
// that say least, and breaks the texts of the last one.
type Table struct {
	w       io.Writer
	without []string
	text    bytes.Buffer
}

// NewTable writes to w. Without are the heads of columns that may be left out, the first one
// first: what is in them must be told elsewhere, or be of little use.
func NewTable(w io.Writer, without ...string) *Table { return &Table{w: w, without: without} }

// Write implements io.Writer.
func (t *Table) Write(p []byte) (int, error) { return t.text.Write(p) }

// Flush writes the table.
func (t *Table) Flush() {
	columns := Columns(t.w)
	rows := t.rows()
	for _, head := range t.without {
		if columns == 0 || total(rows) <= columns {
			break
		}
		rows = drop(rows, head)
	}
	widths := widthsOf(rows)
	if n := len(widths); columns > 0 && n > 1 && total(rows) > columns {
		if left := columns - sum(widths[:n-1]); left >= least {
			t.broken(rows, widths, left)
			return
		}
	}
	out := tabwriter.NewWriter(t.w, 2, 0, gap, ' ', 0)
	for _, row := range rows {
		_, _ = io.WriteString(out, strings.Join(row, "\t")+"\n")
	}
	_ = out.Flush() // the writer notes its errors
}

func (t *Table) rows() (rows [][]string) {
	for line := range strings.Lines(t.text.String()) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// broken writes the table with texts of its last column on several lines.
func (t *Table) broken(rows [][]string, widths []int, left int) {
	last := len(widths) - 1
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row[:min(last, len(row))] {
			line.WriteString(cell + strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(cell))))
		}
		if len(row) > last {
			pieces := wrap(row[last], left, 0)
			line.WriteString(strings.Join(pieces, "\n"+strings.Repeat(" ", sum(widths[:last]))))
		}
		_, _ = io.WriteString(t.w, strings.TrimRight(line.String(), " ")+"\n") // the writer notes its errors
	}
}

// drop leaves out the column of a head.
func drop(rows [][]string, head string) [][]string {
	at := -1
	for _, row := range rows {
		if at = slices.IndexFunc(row, func(cell string) bool { return strings.TrimSpace(cell) == head }); at >= 0 {
			break
		}
	}
	if at < 0 {
		return rows
	}
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = row
		if at < len(row) {
			out[i] = slices.Delete(slices.Clone(row), at, at+1)
		}
	}
	return out
}

// widthsOf are those of the columns, each but the last with the gap behind it.
func widthsOf(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for i := range max(0, len(widths)-1) {
		widths[i] += gap
	}
	return widths
}

func total(rows [][]string) int { return sum(widthsOf(rows)) }

func sum(all []int) (n int) {
	for _, x := range all {
		n += x
	}
	return n
}
