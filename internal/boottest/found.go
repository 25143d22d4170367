package boottest

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// inspectScript prints what found reads: see there.
//
//go:embed inspect.sh
var inspectScript string

// found is what inspect.sh prints of an instance.
type found struct {
	accounts []account
	sshd     []setting
	keys     []keyLine
	sudo     []sudoRule
	files    map[string]file     // by path
	tokens   map[string][]string // that may be random, by path
	errors   []string
	whole    bool // it ran to its end
}

// account is one of /etc/passwd; password is set, blank or locked.
type account struct{ name, uid, home, shell, password string }

// setting is what a listening sshd is configured to do, and where that is said.
type setting struct{ where, key, value string }

// keyLine is one that sshd lets log in.
type keyLine struct{ file, line string }

// sudoRule is one by which an account becomes root without a password.
type sudoRule struct{ account, rule string }

// file is one that no package brought.
type file struct{ kind, sha256, mode, changed string }

// secret reports whether not all accounts of the instance may read it.
func (f file) secret() bool { return f.mode != "" && (f.mode[len(f.mode)-1]-'0')&4 == 0 }

// readFound reads the records of inspect.sh.
func readFound(text string) found {
	f := found{files: map[string]file{}, tokens: map[string][]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		kind, rest, _ := strings.Cut(line, "\t")
		if kind == "end" {
			f.whole = true
			continue
		}
		f.add(kind, strings.Split(rest, "\t"), rest)
	}
	return f
}

// add takes a record; one with too few fields says nothing.
func (f *found) add(kind string, at []string, rest string) {
	switch {
	case kind == "account" && len(at) == 5:
		f.accounts = append(f.accounts, account{at[0], at[1], at[2], at[3], at[4]})
	case kind == "sshd" && len(at) == 3:
		f.sshd = append(f.sshd, setting{at[0], at[1], at[2]})
	case kind == "key" && len(at) == 2:
		f.keys = append(f.keys, keyLine{at[0], at[1]})
	case kind == "sudo" && len(at) == 2:
		f.sudo = append(f.sudo, sudoRule{at[0], at[1]})
	case kind == "file" && len(at) == 5:
		f.files[at[4]] = file{at[0], at[1], at[2], at[3]}
	case kind == "token":
		if i := strings.LastIndexByte(rest, ':'); i > 0 {
			f.tokens[rest[:i]] = append(f.tokens[rest[:i]], rest[i+1:])
		}
	case kind == "error":
		f.errors = append(f.errors, rest)
	}
}

// finding is something that an image must not have. Its subject is what the catalog
// allows it by.
type finding struct{ subject, why string }

// look reads what lets others into the instance.
func (v *visit) look(ctx context.Context) {
	const what = "who is let in"
	res, ok := v.run(ctx, what, "sudo sh -s <<'END-OF-INSPECTION'\n"+inspectScript+"END-OF-INSPECTION")
	if !ok {
		return
	}
	v.found = readFound(res.out)
	switch {
	case res.lost.out > 0:
		v.fail(what, "inspection printed more than %d bytes: whom the image lets in can't be told", mostPrinted)
	case !v.found.whole:
		v.fail(what, "inspection did not run to its end: %s", v.said(res))
	}
	for _, e := range v.found.errors {
		v.fail(what, "%s", e)
	}
	v.findings = v.found.outsiders(v.test.User, v.key.PublicKey())
}

// allowed reports whether the catalog allows a subject.
func (t Test) allowed(subject string) bool {
	return slices.ContainsFunc(t.Allow, func(pattern string) bool { return matches(pattern, subject) })
}

// matches tells whether a text is of a pattern, in which * matches any text.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return ok && strings.HasSuffix(text, parts[last])
}

// judged are the findings that the catalog does not allow, each once: on all instances, or
// on the one that it is about.
func (t Test) judged(visits []*visit) (out []Failure) {
	on := map[finding][]string{}
	var all []finding
	for _, v := range visits {
		for _, f := range v.findings {
			if on[f] == nil {
				all = append(all, f)
			}
			on[f] = append(on[f], v.machine.ID)
		}
	}
	for i, v := range visits {
		for _, other := range visits[i+1:] {
			all = append(all, v.found.inCommon(other.found, v.machine.ID, other.machine.ID)...)
		}
	}
	for _, f := range all {
		if t.allowed(f.subject) {
			continue
		}
		machine := ""
		if len(on[f]) == 1 && len(visits) > 1 {
			machine = on[f][0]
		}
		out = append(out, Failure{machine, f.subject, fmt.Sprintf("%s (test.allow: [%q] accepts it)", f.why, f.subject)})
	}
	return out
}
