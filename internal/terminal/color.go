package terminal

import "fmt"

// Color is what a text is colored for. Never by color alone: the text says it as well.
type Color int

// The colors, as numbers of the terminal's own palette, which its user has chosen.
const (
	Good  Color = 32 // green: done
	Busy  Color = 36 // cyan: under way
	Care  Color = 33 // yellow: a person must decide
	Bad   Color = 31 // red: failed
	Faint Color = 2
	Head  Color = 1 // bold
)

// Paint colors a text where w shows colors.
func Paint(w any, c Color, text string) string {
	if page, ok := w.(interface{ Colored() bool }); !ok || !page.Colored() || text == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[m", c, text)
}

// When colors are shown, as --color says.
const (
	Auto   = "auto"
	Always = "always"
	Never  = "never"
)

// Colored reports whether an output shows colors: as was said, else as the environment wants
// it (https://no-color.org, https://bixense.com/clicolors), else on a terminal that can.
func Colored(when string, tty bool, env func(string) string) bool {
	switch {
	case when == Always, when == Never:
		return when == Always
	case env("NO_COLOR") != "":
		return false
	case env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty && env("TERM") != "dumb" && env("CLICOLOR") != "0"
}
