package packer

import (
	"slices"
	"strings"
)

// event is a line of Packer's machine-readable output:
// "timestamp,target,type,data...".
type event struct {
	target, kind string
	data         []string
}

// parse reads a line of machine-readable output. ok is false for anything else,
// for instance a crash.
func parse(line string) (e event, ok bool) {
	fields := strings.Split(strings.TrimSuffix(line, "\r"), ",")
	if len(fields) < 3 || !digits(fields[0]) || fields[2] == "" {
		return event{}, false
	}
	unescape := strings.NewReplacer("%!(PACKER_COMMA)", ",", `\n`, "\n", `\r`, "\r")
	e = event{target: fields[1], kind: fields[2]}
	for _, field := range fields[3:] {
		e.data = append(e.data, unescape.Replace(field))
	}
	return e, true
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// hidden is what stands where a secret was.
const hidden = "[secret]"

// Redactor takes secrets out of lines. Of a secret with several lines each
// long enough to be told from other text is taken out by itself, since output
// comes line by line.
func Redactor(secrets []string) *strings.Replacer {
	const telling = 6
	var hide []string
	for _, secret := range secrets {
		whole := strings.TrimSpace(secret)
		if whole != "" {
			hide = append(hide, whole)
		}
		for line := range strings.Lines(whole) {
			if line = strings.TrimSpace(line); len(line) >= telling {
				hide = append(hide, line)
			}
		}
	}
	// The longest first, or one secret that begins another would leave its end.
	slices.SortFunc(hide, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, text := range slices.Compact(hide) {
		pairs = append(pairs, text, hidden)
	}
	return strings.NewReplacer(pairs...)
}
