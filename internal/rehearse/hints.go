package rehearse

import (
	"fmt"
	"strings"
)

// hint is how a command begins a line that says what to type next.
const hint = "amiship: hint:"

// say passes on what a command of the rehearsal says, but for its hints: typed after it, they
// would act on AWS.
func (r Rehearsal) say(line string) {
	if !strings.HasPrefix(line, hint) {
		fmt.Fprintln(r.Log, line)
	}
}
