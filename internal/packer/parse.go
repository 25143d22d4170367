package packer

import "strings"

// event is a line of Packer's machine-readable output:
// "timestamp,target,type,data...".
type event struct {
	target, kind string
	data         []string
}

// How Packer writes a field, and how it is read. A backslash is not escaped, so what
// is read is not always what was written.
var (
	escape   = strings.NewReplacer(",", "%!(PACKER_COMMA)", "\n", `\n`, "\r", `\r`)
	unescape = strings.NewReplacer("%!(PACKER_COMMA)", ",", `\n`, "\n", `\r`, "\r")
)

// parse reads a line of machine-readable output. ok is false for anything else,
// for instance a crash.
func parse(line string) (e event, ok bool) {
	fields := strings.Split(strings.TrimSuffix(line, "\r"), ",")
	if len(fields) < 3 || !digits(fields[0]) || fields[2] == "" {
		return event{}, false
	}
	e = event{target: fields[1], kind: fields[2]}
	for _, field := range fields[3:] {
		e.data = append(e.data, unescape.Replace(field))
	}
	return e, true
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
