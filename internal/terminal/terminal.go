package terminal

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"golang.org/x/sys/unix"
)

// What a terminal is taken for that does not say how large it is.
const (
	someColumns = 80
	someRows    = 24
)

// Of returns the terminal that a stream is; nil: it is none.
func Of(stream any) *os.File {
	if f, ok := stream.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return f
	}
	return nil
}

// Size is how large a terminal is now.
func Size(terminal *os.File) (columns, rows int) {
	size, err := unix.IoctlGetWinsize(int(terminal.Fd()), unix.TIOCGWINSZ) //nolint:gosec // a descriptor is small
	if err != nil || size.Col == 0 || size.Row == 0 {
		return someColumns, someRows
	}
	return int(size.Col), int(size.Row)
}

// Fitted is a page on a terminal; elsewhere lines stay as long as they are. What is written
// goes to w.
func Fitted(w io.Writer, terminal *os.File, color bool) *Page {
	if terminal == nil {
		return NewPage(w, nil, color)
	}
	return NewPage(w, func() int {
		columns, _ := Size(terminal)
		return columns
	}, color)
}
