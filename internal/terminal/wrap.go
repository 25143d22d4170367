package terminal

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// joint is a space at which no line is broken: within a command that is to be copied.
const joint = "\u00a0"

// Unbroken is a text that is kept on one line where w fits lines into a terminal, as a
// command must be that is copied from there.
func Unbroken(w any, text string) string {
	if Columns(w) == 0 {
		return text
	}
	return strings.ReplaceAll(text, " ", joint)
}

// Wrap breaks a line at spaces so that no piece is wider than columns. The pieces after the
// first begin where the text of the line does: below its last column if that leaves them
// half of the width, else a little further in. What has no space is not broken.
func Wrap(line string, columns int) []string {
	if columns <= 0 || ansi.StringWidth(line) <= columns {
		return []string{strings.ReplaceAll(line, joint, " ")}
	}
	return wrap(line, columns, hang(line, columns))
}

// wrap is Wrap with a given indentation of the pieces after the first.
func wrap(line string, columns, indent int) []string {
	var out []string
	var piece strings.Builder
	width, begun := 0, false
	for _, word := range words(line) {
		text := strings.TrimLeft(word, " ")
		switch w := ansi.StringWidth(word); {
		case begun && width+w > columns && text != "":
			out = append(out, strings.TrimRight(piece.String(), " "))
			piece.Reset()
			piece.WriteString(strings.Repeat(" ", indent) + text)
			width = indent + ansi.StringWidth(text)
		default:
			piece.WriteString(word)
			width += w
			begun = begun || text != ""
		}
	}
	out = append(out, strings.TrimRight(piece.String(), " "))
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], joint, " ")
	}
	return out
}

// words are those of a line, each with the spaces before it.
func words(line string) []string {
	var out []string
	for line != "" {
		blank := len(line) - len(strings.TrimLeft(line, " "))
		end := strings.IndexByte(line[blank:], ' ')
		if end < 0 {
			return append(out, line)
		}
		out = append(out, line[:blank+end])
		line = line[blank+end:]
	}
	return out
}

// hang is where the pieces of a line begin after the first.
func hang(line string, columns int) int {
	const little = 4
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if speaker, _, said := strings.Cut(line, ": "); said && indent == 0 && !strings.Contains(speaker, " ") && len(speaker) < columns/4 {
		return len(speaker) + 2 // "amiship: …"
	}
	last := strings.LastIndex(strings.TrimRight(line, " "), "  ")
	if at := ansi.StringWidth(line[:last+1]) + 1; last >= indent && at <= columns/2 {
		return at
	}
	if last < indent && indent >= little {
		return min(indent, columns/2)
	}
	return min(indent+little, columns/2)
}
