package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator.
type operator struct {
	name     string // without what is before and after it: "StringLike"
	each     quantifier
	ifExists bool
	negated  bool
	compares func(want pattern, have string) bool
}

// quantifier says how the several values of a key are taken together.
type quantifier int

const (
	single quantifier = iota
	forAll
	forAny
)

// parseOperator reads one: "ForAnyValue:StringLikeIfExists".
func parseOperator(name string) (operator, error) {
	var o operator
	rest := name
	if after, ok := strings.CutPrefix(rest, "ForAllValues:"); ok {
		rest, o.each = after, forAll
	} else if after, ok := strings.CutPrefix(rest, "ForAnyValue:"); ok {
		rest, o.each = after, forAny
	}
	rest, o.ifExists = strings.CutSuffix(rest, "IfExists")
	o.name = rest
	if rest == "Null" {
		return o, nil
	}
	positive := rest
	for _, pair := range [][2]string{
		{"StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase"},
		{"StringNotEquals", "StringEquals"},
		{"StringNotLike", "StringLike"},
		{"NumericNotEquals", "NumericEquals"},
		{"DateNotEquals", "DateEquals"},
		{"NotIpAddress", "IpAddress"},
		{"ArnNotEquals", "ArnEquals"},
		{"ArnNotLike", "ArnLike"},
	} {
		if rest == pair[0] {
			positive, o.negated = pair[1], true
		}
	}
	compares, ok := comparisons[positive]
	if !ok {
		return o, fmt.Errorf("there is no condition operator %s", name)
	}
	o.compares = compares
	return o, nil
}

var comparisons = map[string]func(want pattern, have string) bool{
	"StringEquals":             func(want pattern, have string) bool { return want.String() == have },
	"StringEqualsIgnoreCase":   func(want pattern, have string) bool { return strings.EqualFold(want.String(), have) },
	"StringLike":               func(want pattern, have string) bool { return want.matches([]rune(have)) },
	"ArnEquals":                matchesARN,
	"ArnLike":                  matchesARN,
	"Bool":                     func(want pattern, have string) bool { return strings.EqualFold(want.String(), have) },
	"BinaryEquals":             sameBytes,
	"IpAddress":                within,
	"NumericEquals":            numbers(func(want, have float64) bool { return have == want }),
	"NumericLessThan":          numbers(func(want, have float64) bool { return have < want }),
	"NumericLessThanEquals":    numbers(func(want, have float64) bool { return have <= want }),
	"NumericGreaterThan":       numbers(func(want, have float64) bool { return have > want }),
	"NumericGreaterThanEquals": numbers(func(want, have float64) bool { return have >= want }),
	"DateEquals":               dates(func(c int) bool { return c == 0 }),
	"DateLessThan":             dates(func(c int) bool { return c < 0 }),
	"DateLessThanEquals":       dates(func(c int) bool { return c <= 0 }),
	"DateGreaterThan":          dates(func(c int) bool { return c > 0 }),
	"DateGreaterThanEquals":    dates(func(c int) bool { return c >= 0 }),
}

func numbers(holds func(want, have float64) bool) func(pattern, string) bool {
	return func(want pattern, have string) bool {
		w, errWant := strconv.ParseFloat(want.String(), 64)
		h, errHave := strconv.ParseFloat(have, 64)
		return errWant == nil && errHave == nil && holds(w, h)
	}
}

func dates(holds func(haveAfterWant int) bool) func(pattern, string) bool {
	return func(want pattern, have string) bool {
		w, okWant := date(want.String())
		h, okHave := date(have)
		return okWant && okHave && holds(h.Compare(w))
	}
}

// date is in one of ISO 8601's forms, or seconds since 1970.
func date(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func sameBytes(want pattern, have string) bool {
	bytes, err := base64.StdEncoding.DecodeString(want.String())
	return err == nil && (string(bytes) == have || want.String() == have)
}

func within(want pattern, have string) bool {
	at, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if one, err := netip.ParseAddr(want.String()); err == nil {
		return one == at
	}
	p, err := netip.ParsePrefix(want.String())
	return err == nil && p.Contains(at)
}

// holds reports whether the condition holds for a key, which is in lower case.
func (o operator) holds(context map[string][]string, key string, wants []string, variables bool) bool {
	have, exists := context[key]
	exists = exists && (len(have) > 0 || o.each != single)
	if o.name == "Null" {
		return slices.ContainsFunc(wants, func(want string) bool { return strings.EqualFold(want, strconv.FormatBool(!exists || len(have) == 0)) })
	}
	if !exists || len(have) == 0 {
		// Of a key that is not there nothing is equal, and everything is unequal.
		return o.each == forAll || o.each == single && (o.ifExists || o.negated)
	}
	var patterns []pattern
	for _, want := range wants {
		if p, ok := expand(want, context, variables); ok {
			patterns = append(patterns, p)
		}
	}
	one := func(value string) bool {
		is := slices.ContainsFunc(patterns, func(p pattern) bool { return o.compares(p, value) })
		return is != o.negated
	}
	if o.each == forAny || o.each == single && !o.negated {
		return slices.ContainsFunc(have, one)
	}
	return !slices.ContainsFunc(have, func(value string) bool { return !one(value) })
}
