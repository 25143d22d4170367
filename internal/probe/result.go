package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Format is the version of a Result's JSON.
const Format = 1

// Result is what a probe has found out. It can be sent to others: see hide.
type Result struct {
	Format  int    `json:"probe"`
	Amiship string `json:"amiship"` // the version that asked
	At      string `json:"at"`      // the day, by AWS's clock
	Region  string `json:"region"`
	To      string `json:"to"`
	// Sandbox: a sandbox has answered, and not AWS.
	Sandbox bool `json:"sandbox"`
	// Settings are the sandbox's, with AWS's answers: what `amiship sandbox --as` takes.
	Settings map[string]any `json:"settings"`
	Answers  []Answer       `json:"statements"`
}

// Answer is what came of a statement.
type Answer struct {
	Number  int    `json:"number"`
	Name    string `json:"name"`
	Does    string `json:"says"`
	Mark    Mark   `json:"mark"`
	Want    string `json:"sandbox"`
	Got     string `json:"aws"` // empty: see Problem
	Setting string `json:"setting,omitempty"`
	// Message is AWS's, of a refusal.
	Message string `json:"message,omitempty"`
	// Problem is why the statement could not be asked.
	Problem  string `json:"not_asked,omitempty"`
	Measured bool   `json:"measured,omitempty"`
}

// Asked reports whether there is an answer.
func (a Answer) Asked() bool { return a.Problem == "" }

// Same reports whether AWS does what the sandbox does.
func (a Answer) Same() bool { return a.Got == a.Want || a.Measured && a.Asked() }

// value is the answer as the sandbox's setting has it.
func (a Answer) value() any {
	if n, err := strconv.Atoi(a.Got); err == nil {
		return n
	}
	return a.Got
}

// settings are those that take the answers over, by their sections.
func settings(answers []Answer) map[string]any {
	out := map[string]any{}
	for _, a := range answers {
		if a.Setting == "" || !a.Asked() {
			continue
		}
		section, name, found := strings.Cut(a.Setting, ".")
		if !found {
			out[section] = a.value()
			continue
		}
		if out[section] == nil {
			out[section] = map[string]any{}
		}
		out[section].(map[string]any)[name] = a.value()
	}
	return out
}

// What is in AWS's texts and names its accounts, users, products and keys.
var hidden = []struct {
	form *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`(?s)(Encoded authorization failure message: ).*`), "$1<hidden>"},
	{regexp.MustCompile(`arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:\S*`), "<arn>"},
	{regexp.MustCompile(`\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}`), "<key>"},
	{regexp.MustCompile(`\b\d{12}\b`), "<account>"},
	{regexp.MustCompile(`\bprod-[a-z0-9]{13,}`), "<product>"},
}

// hide replaces what others need not know, in all texts that came from AWS, and fills
// in the settings.
func (r *Result) hide(secrets []string) {
	clean := func(text string) string {
		for _, s := range secrets {
			if s != "" {
				text = strings.ReplaceAll(text, s, "<hidden>")
			}
		}
		for _, h := range hidden {
			text = h.form.ReplaceAllString(text, h.by)
		}
		return text
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		a.Got, a.Message, a.Problem = clean(a.Got), clean(a.Message), clean(a.Problem)
	}
	r.Settings = settings(r.Answers)
}

// JSON writes the result as `amiship sandbox --as` reads it.
func (r Result) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Totals are the numbers of answers: the same as the sandbox's, others, and none.
func (r Result) Totals() (same, other, none int) {
	for _, a := range r.Answers {
		switch {
		case !a.Asked():
			none++
		case a.Same():
			same++
		default:
			other++
		}
	}
	return same, other, none
}

const width = 80

// Write writes the table.
func (r Result) Write(w io.Writer) {
	fmt.Fprintf(w, "  %3s  %-24s %-28s %s\n", "NO.", "STATEMENT", "SANDBOX", r.who())
	for _, a := range r.Answers {
		fmt.Fprintf(w, "  %3d  %-24s %-28s %s\n", a.Number, a.Name, a.Want, a.shown())
		if a.Asked() && !a.Same() {
			writeIndented(w, "answer: "+a.Got)
			writeIndented(w, a.Does)
		}
		if !a.Asked() {
			writeIndented(w, a.Problem)
		}
	}
	same, other, none := r.Totals()
	fmt.Fprintf(w, "\n%d the same, %d different, %d not asked\n", same, other, none)
}

func (r Result) who() string {
	if r.Sandbox {
		return "A SANDBOX"
	}
	return "AWS"
}

func (a Answer) shown() string {
	switch {
	case !a.Asked():
		return "not asked"
	case a.Measured:
		return a.Got
	case a.Same():
		return "the same"
	}
	return "different"
}

// writeIndented breaks a text into lines below a row.
func writeIndented(w io.Writer, text string) {
	const indent = "       "
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && line != indent {
			fmt.Fprintln(w, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
}

// WriteScope writes what asking the statements takes.
func WriteScope(w io.Writer, statements []Statement) {
	s := ScopeOf(statements)
	fmt.Fprintf(w, "%d statements are asked.\n", len(statements))
	if s.Cents > 0 {
		fmt.Fprintln(w, "It makes, and removes again:")
		for _, text := range s.Makes {
			fmt.Fprintln(w, "  - "+text)
		}
		fmt.Fprintf(w, "It costs at most $%.2f, and needs these IAM actions:\n", s.Cents/100)
	} else {
		fmt.Fprintln(w, "That costs nothing, and needs these IAM actions:")
	}
	writeIndented(w, strings.Join(s.Actions, " "))
}

// WriteStatements writes all statements.
func WriteStatements(w io.Writer) {
	for _, s := range Statements() {
		fmt.Fprintf(w, "%3d  %-24s %-8s [%s]  %s\n", s.Number, s.Name, s.Group, s.Mark, s.Want)
		writeIndented(w, s.Does)
	}
	fmt.Fprintln(w, "\nNot known, and not asked:")
	for _, u := range UnaskedOnes() {
		writeIndented(w, u.What+" "+u.Why)
	}
}
