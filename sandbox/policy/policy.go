// Package policy evaluates IAM policies as AWS does: what a request is allowed or denied, and
// by which statement. It knows the language alone, and no service: which resources and keys a
// request has is the caller's to say.
//
// Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements".
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Policy is a policy document.
type Policy struct {
	Version   string     `json:"Version,omitempty"` // 2012-10-17: texts may have variables
	ID        string     `json:"Id,omitempty"`
	Statement Statements `json:"Statement"`
}

// Statement is one of a policy.
type Statement struct {
	Sid         string                       `json:"Sid,omitempty"`
	Effect      Effect                       `json:"Effect"`
	Action      Texts                        `json:"Action,omitempty"`
	NotAction   Texts                        `json:"NotAction,omitempty"`
	Resource    Texts                        `json:"Resource,omitempty"`
	NotResource Texts                        `json:"NotResource,omitempty"`
	Principal   *Principals                  `json:"Principal,omitempty"`
	Condition   map[string]map[string]Values `json:"Condition,omitempty"` // by operator and key
}

// Effect is what a statement does with what it matches.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Texts are one text or a list of them.
type Texts []string

// UnmarshalJSON takes both.
func (t *Texts) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Texts{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(text, &all); err != nil {
		return errors.New("neither a text nor a list of texts")
	}
	*t = all
	return nil
}

// Values are those of a condition: texts, numbers and booleans, one or several.
type Values []string

// UnmarshalJSON keeps numbers as they are written.
func (v *Values) UnmarshalJSON(text []byte) error {
	var all []json.RawMessage
	if json.Unmarshal(text, &all) != nil {
		all = []json.RawMessage{text}
	}
	for _, raw := range all {
		raw = bytes.TrimSpace(raw)
		var one string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			*v = append(*v, one)
		case len(raw) > 0 && raw[0] != '{' && raw[0] != '[':
			*v = append(*v, string(raw))
		default:
			return errors.New("a value of a condition is a text, a number or a boolean")
		}
	}
	return nil
}

// Statements are one statement or a list of them.
type Statements []Statement

// UnmarshalJSON takes both.
func (s *Statements) UnmarshalJSON(text []byte) error {
	text = bytes.TrimSpace(text)
	if len(text) > 0 && text[0] == '{' {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	var all []Statement
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		return err
	}
	*s = all
	return nil
}

// Principals are those of a trust policy, by type: AWS, Federated, Service; "*" is {AWS: *}.
type Principals map[string]Texts

// UnmarshalJSON takes "*" as well.
func (p *Principals) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		if one != "*" {
			return fmt.Errorf("the principal %q is neither * nor a mapping", one)
		}
		*p = Principals{"AWS": {"*"}}
		return nil
	}
	var all map[string]Texts
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*p = all
	return nil
}

// Parse reads a document, and refuses what AWS would call malformed.
func Parse(text []byte) (Policy, error) {
	var p Policy
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, fmt.Errorf("malformed policy: %w", err)
	}
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return p, fmt.Errorf("malformed policy: there is no version %q", p.Version)
	}
	for i, s := range p.Statement {
		if err := s.check(); err != nil {
			return p, fmt.Errorf("malformed policy: statement %d: %w", i+1, err)
		}
	}
	return p, nil
}

// Unknown is the first condition key of the policy that is none of known, of which those that end
// with "/" have more behind it; "" if there is none.
func (p Policy) Unknown(known []string) string {
	for _, s := range p.Statement {
		for _, keys := range s.Condition {
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				isKnown := func(name string) bool {
					return strings.EqualFold(name, key) || strings.HasSuffix(name, "/") && len(key) > len(name) && strings.EqualFold(name, key[:len(name)])
				}
				if !slices.ContainsFunc(known, isKnown) {
					return key
				}
			}
		}
	}
	return ""
}

var variableForm = regexp.MustCompile(`\$\{[^}]*\}`)

func (s Statement) check() error {
	switch {
	case s.Effect != Allow && s.Effect != Deny:
		return fmt.Errorf("the effect is Allow or Deny, not %q", s.Effect)
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return errors.New("it has either Action or NotAction")
	case s.Principal == nil && (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return errors.New("it has either Resource or NotResource")
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		if a != "*" && !strings.Contains(a, ":") {
			return fmt.Errorf("the action %q has no service", a)
		}
	}
	for _, r := range slices.Concat(s.Resource, s.NotResource) {
		if r != "*" && strings.Count(variableForm.ReplaceAllString(r, ""), ":") < colons {
			return fmt.Errorf("the resource %q is neither an ARN nor *", r)
		}
	}
	for operator := range s.Condition {
		if _, err := parseOperator(operator); err != nil {
			return err
		}
	}
	return nil
}

// Set are the policies of an identity, or of a session. An empty one allows nothing.
type Set []Policy

// Request is what a principal asks for: one action on one resource.
type Request struct {
	Action   string // "ec2:RunInstances"
	Resource string // ARN; "*" of an action that takes none
	// Context has values by key ("ec2:Region"), whose letters' case does not matter.
	Context map[string][]string
}

// Decision is what comes of a request.
type Decision struct {
	Allowed bool
	// Denied is the statement that denies it, if one does; else none allows it.
	Denied *Statement
}

// Decide says what comes of a request: a statement that denies wins over all that allow, and
// what none allows is denied.
func (set Set) Decide(r Request) Decision {
	context := lowered(r.Context)
	var d Decision
	for _, p := range set {
		for i := range p.Statement {
			s := &p.Statement[i]
			if !s.matches(r, context, p.variables()) {
				continue
			}
			if s.Effect == Deny {
				return Decision{Denied: s}
			}
			d.Allowed = true
		}
	}
	return d
}

func lowered(context map[string][]string) map[string][]string {
	out := make(map[string][]string, len(context))
	for key, values := range context {
		out[strings.ToLower(key)] = values
	}
	return out
}

func (p Policy) variables() bool { return p.Version == "2012-10-17" }

func (s Statement) matches(r Request, context map[string][]string, variables bool) bool {
	acts := func(pattern string) bool { return wild(strings.ToLower(pattern), strings.ToLower(r.Action)) }
	if len(s.Action) > 0 && !slices.ContainsFunc(s.Action, acts) || slices.ContainsFunc(s.NotAction, acts) {
		return false
	}
	names := func(pattern string) bool {
		p, ok := expand(pattern, context, variables)
		return ok && matchesARN(p, r.Resource)
	}
	excludes := func(pattern string) bool {
		p, _ := expand(pattern, context, variables)
		return matchesARN(p, r.Resource)
	}
	if len(s.Resource) > 0 && !slices.ContainsFunc(s.Resource, names) || slices.ContainsFunc(s.NotResource, excludes) {
		return false
	}
	return s.conditions(context, variables)
}

// conditions reports whether all of them hold: of every operator, and every key.
func (s Statement) conditions(context map[string][]string, variables bool) bool {
	for name, keys := range s.Condition {
		operator, err := parseOperator(name)
		if err != nil {
			return false
		}
		for key, values := range keys {
			if !operator.holds(context, strings.ToLower(key), values, variables) {
				return false
			}
		}
	}
	return true
}

// pattern is a text with wildcards: special has a true for each * and ? that is one.
type pattern struct {
	text    []rune
	special []bool
}

func literal(text string) pattern {
	runes := []rune(text)
	p := pattern{runes, make([]bool, len(runes))}
	for i, r := range runes {
		p.special[i] = r == '*' || r == '?'
	}
	return p
}

// expand puts values in place of a text's variables: ${aws:username}, ${key, 'default'}, and ${*},
// ${?}, ${$}, which are no wildcards. It is not ok if a key has no value, or several: there the
// pattern has a wildcard.
func expand(text string, context map[string][]string, variables bool) (out pattern, ok bool) {
	if !variables || !strings.Contains(text, "${") {
		return literal(text), true
	}
	ok = true
	for {
		before, rest, found := strings.Cut(text, "${")
		out = out.and(literal(before))
		if !found {
			return out, ok
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return out.and(literal("${" + rest)), ok
		}
		text = after
		value, known := variable(name, context)
		if !known {
			out, ok = out.and(literal("*")), false
			continue
		}
		runes := []rune(value)
		out = out.and(pattern{runes, make([]bool, len(runes))})
	}
}

func variable(name string, context map[string][]string) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, fallback, defaulted := strings.Cut(name, ",")
	if values := context[strings.ToLower(strings.TrimSpace(key))]; len(values) == 1 {
		return values[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), defaulted
}

func (p pattern) and(q pattern) pattern {
	return pattern{append(slices.Clone(p.text), q.text...), append(slices.Clone(p.special), q.special...)}
}

func (p pattern) String() string { return string(p.text) }

// wild reports whether a text matches a pattern whole.
func wild(pattern, text string) bool { return literal(pattern).matches([]rune(text)) }

func (p pattern) matches(text []rune) bool {
	// star is where the last * is, and mark how much of the text it has matched so far.
	at, i, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case at < len(p.text) && p.special[at] && p.text[at] == '*':
			star, mark = at, i
			at++
		case at < len(p.text) && (p.special[at] || p.text[at] == text[i]):
			at, i = at+1, i+1
		case star >= 0:
			mark++
			at, i = star+1, mark
		default:
			return false
		}
	}
	for at < len(p.text) && p.special[at] && p.text[at] == '*' {
		at++
	}
	return at == len(p.text)
}

// colons are those that part an ARN: arn:partition:service:region:account:resource.
const colons = 5

// split parts a pattern of an ARN; ok is false if it has too few colons.
func (p pattern) split() (parts []pattern, ok bool) {
	from := 0
	for i, r := range p.text {
		if r == ':' && len(parts) < colons {
			parts = append(parts, pattern{p.text[from:i], p.special[from:i]})
			from = i + 1
		}
	}
	return append(parts, pattern{p.text[from:], p.special[from:]}), len(parts) == colons
}

// matchesARN compares each of the six parts: a wildcard does not reach across their colons.
func matchesARN(p pattern, arn string) bool {
	if string(p.text) == "*" {
		return true
	}
	patterns, ok := p.split()
	parts, isARN := literal(arn).split()
	if !ok || !isARN {
		return p.matches([]rune(arn))
	}
	for i, q := range patterns {
		if !q.matches(parts[i].text) {
			return false
		}
	}
	return true
}
