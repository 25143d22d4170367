package terminal

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// What is sent to a terminal. The cursor waits at the beginning of the region: wherever a
// resize moves that, all from there to the end of the screen is the region.
const (
	begin = "\x1b[?2026h" // what follows is shown at once
	end   = "\x1b[?2026l" // now
	clear = "\r\x1b[J"    // from here to the end of the screen
	hide  = "\x1b[?25l"   // the cursor
	show  = "\x1b[?25h"   // the cursor
)

// Frame returns the lines of a region that has so much space.
type Frame func(columns, rows int) []string

// Screen is a terminal at whose end a region is drawn again and again; all that is written
// scrolls by above it.
type Screen struct {
	mu    sync.Mutex
	w     io.Writer
	size  func() (columns, rows int)
	frame Frame  // nil: there is no region
	line  []byte // of which the end has not come
}

// NewScreen draws on w.
func NewScreen(w io.Writer, size func() (columns, rows int)) *Screen {
	return &Screen{w: w, size: size}
}

// Write implements io.Writer. Below it the region is drawn.
func (s *Screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		return s.w.Write(text)
	}
	s.line = append(s.line, text...)
	whole := bytes.LastIndexByte(s.line, '\n') + 1
	if whole == 0 {
		return len(text), nil
	}
	out := begin + clear + string(s.line[:whole]) + s.region() + end
	s.line = append(s.line[:0], s.line[whole:]...)
	_, err := io.WriteString(s.w, out)
	return len(text), err
}

// Show begins a region, or replaces it.
func (s *Screen) Show(frame Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = frame
	s.send(hide + begin + clear + s.region() + end)
}

// Draw draws the region anew.
func (s *Screen) Draw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame != nil {
		s.send(hide + begin + clear + s.region() + end)
	}
}

// Rest takes the region away while another program writes to the terminal: nothing is drawn or
// written before meanwhile returns.
func (s *Screen) Rest(meanwhile func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame != nil {
		s.send(clear + show)
	}
	meanwhile()
}

// End takes the region away.
func (s *Screen) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame != nil {
		s.send(clear + string(s.line) + show)
		s.frame, s.line = nil, nil
	}
}

// send writes what is no text; the writer notes its errors.
func (s *Screen) send(text string) { _, _ = io.WriteString(s.w, text) }

// region draws the region and returns to its beginning. No line reaches the last column:
// terminals differ in what comes of that.
func (s *Screen) region() string {
	columns, rows := s.size()
	lines := s.frame(columns-1, rows-1)
	lines = lines[:min(len(lines), max(0, rows-1))]
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, max(1, columns-1), "…")
	}
	text := strings.Join(lines, "\n") + "\r"
	if up := len(lines) - 1; up > 0 {
		text += ansi.CursorUp(up)
	}
	return text
}
