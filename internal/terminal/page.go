// Package terminal fits what people read into a terminal: lines that are broken at words,
// tables without their least columns, colors, and a region that is drawn again and again
// below what scrolls by.
//
// A text for a pipe or a file is never changed: programs read it, and a line stays a line.
// What fits a text is the writer that it goes to, so no one hands a width around.
package terminal

import (
	"bytes"
	"io"
	"sync"
)

// Page is an output that fits lines of text into the columns of a terminal.
type Page struct {
	mu      sync.Mutex
	w       io.Writer
	columns func() int
	color   bool
	line    []byte // of which the end has not come
}

// NewPage writes to w. Columns is nil where lines are as long as they are.
func NewPage(w io.Writer, columns func() int, color bool) *Page {
	return &Page{w: w, columns: columns, color: color}
}

// Columns is how wide lines may be; 0: as long as they are.
func (p *Page) Columns() int {
	if p.columns == nil {
		return 0
	}
	return p.columns()
}

// Colored reports whether texts are colored.
func (p *Page) Colored() bool { return p.color }

// Write implements io.Writer. A line is written when its end has come.
func (p *Page) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	columns := p.Columns()
	if columns == 0 && len(p.line) == 0 {
		return p.w.Write(text)
	}
	p.line = append(p.line, text...)
	end := bytes.LastIndexByte(p.line, '\n') + 1
	if end == 0 {
		return len(text), nil
	}
	var out bytes.Buffer
	for line := range bytes.Lines(p.line[:end]) {
		for _, piece := range Wrap(string(bytes.TrimSuffix(line, []byte("\n"))), columns) {
			out.WriteString(piece + "\n")
		}
	}
	p.line = append(p.line[:0], p.line[end:]...)
	_, err := p.w.Write(out.Bytes())
	return len(text), err
}

// Flush writes a line whose end will not come, as a question.
func (p *Page) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.w.Write(p.line)
	p.line = p.line[:0]
	return err
}

// Columns is how wide lines of a writer may be; 0: as long as they are.
func Columns(w any) int {
	if page, ok := w.(interface{ Columns() int }); ok {
		return page.Columns()
	}
	return 0
}
