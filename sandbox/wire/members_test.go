package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
	marketsdk "github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	rbinsdk "github.com/aws/aws-sdk-go-v2/service/rbin"
	quotassdk "github.com/aws/aws-sdk-go-v2/service/servicequotas"
	ssmsdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	stssdk "github.com/aws/aws-sdk-go-v2/service/sts"

	"amiship/sandbox/ec2"
	"amiship/sandbox/iam"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/quotas"
	"amiship/sandbox/rbin"
	"amiship/sandbox/ssm"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// TestEveryRequestMember: each member of a request that AWS documents is read by the operation,
// or refused, or harmless, as testdata/members.txt says; the sandbox takes nothing else.
func TestEveryRequestMember(t *testing.T) {
	t.Parallel()
	rec := &recorder{}
	cfg := rec.config()
	clients := []struct {
		wire.Service
		client any
	}{
		{ec2.New(ec2.Config{}).Service(), ec2sdk.NewFromConfig(cfg)},
		{iam.Service(), iamsdk.NewFromConfig(cfg)},
		{marketplace.New(marketplace.Config{}).Service(), marketsdk.NewFromConfig(cfg)},
		{quotas.Service(), quotassdk.NewFromConfig(cfg)},
		{rbin.Service(nil), rbinsdk.NewFromConfig(cfg)},
		{ssm.New(ssm.Config{}).Service(), ssmsdk.NewFromConfig(cfg)},
		{sts.Service(), stssdk.NewFromConfig(cfg)},
	}
	var all []member
	code := newSources(t)
	for _, svc := range clients {
		for _, op := range svc.Operations {
			all = append(all, membersOf(t, svc.Service, op.Name, rec.parameters(t, svc.client, op.Name), code)...)
		}
	}
	if len(all) < 1000 {
		t.Errorf("only %d members were found", len(all))
	}
	text, err := os.ReadFile("testdata/members.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range judge(all, readEntries(t, string(text))) {
		t.Error(wrong)
	}
}

// fate is what becomes of a member of a request.
type fate string

const (
	honored fate = "honored"
	refused fate = "refused"
	unread  fate = "harmless" // taken, and the operation does not read it
	extra   fate = "extra"    // taken, and not documented
)

type member struct {
	service, operation, path string
	fate                     fate
}

// membersOf finds what becomes of an operation's parameters, each sent alone.
func membersOf(t *testing.T, svc wire.Service, operation string, params []parameter, code *sources) []member {
	t.Helper()
	var all []member
	left := map[string]bool{} // fields that no parameter has set
	for _, p := range params {
		in, err := svc.Decode(operation, p.alone())
		if isUnknown(err) {
			all = append(all, member{svc.Name, operation, p.name, refused})
			continue
		}
		input := reflect.TypeOf(in).Elem()
		if len(left) == 0 {
			fields(input, "", left)
		}
		set := map[string]bool{}
		filled(reflect.ValueOf(in), "", set)
		m := member{svc.Name, operation, p.name, unread}
		for field := range set {
			left[field] = false
			if code.read(t, input, operation, field) {
				m.fate = honored
			}
		}
		all = append(all, m)
	}
	for field, never := range left {
		if never {
			all = append(all, member{svc.Name, operation, field, extra})
		}
	}
	return all
}

// isUnknown reports whether a request was refused for a member that its operation lacks.
func isUnknown(err error) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && strings.HasSuffix(e.Message, "the sandbox does not have it")
}

// inner is the struct that a field has, one or a list of them; nil: it has a single value.
func inner(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	_, single := reflect.New(t).Interface().(json.Unmarshaler)
	if t.Kind() != reflect.Struct || single {
		return nil
	}
	return t
}

// fields are the values that an input can have, by their paths in Go.
func fields(t reflect.Type, at string, into map[string]bool) {
	of := inner(t)
	if of == nil {
		into[at] = true
		return
	}
	for f := range of.Fields() {
		if f.Tag.Get("wire") != "-" {
			fields(f.Type, at+"."+f.Name, into)
		}
	}
}

// filled are those that it has.
func filled(v reflect.Value, at string, into map[string]bool) {
	switch {
	case v.IsZero():
	case inner(v.Type()) == nil:
		into[at] = true
	case v.Kind() == reflect.Pointer:
		filled(v.Elem(), at, into)
	case v.Kind() == reflect.Slice:
		filled(v.Index(0), at, into)
	default:
		for i := range v.NumField() {
			filled(v.Field(i), at+"."+v.Type().Field(i).Name, into)
		}
	}
}

// entry is a line of testdata/members.txt. Operation and path are patterns; a path covers what is below it.
type entry struct {
	fate                     fate
	service, operation, path string
}

func readEntries(t *testing.T, text string) []entry {
	t.Helper()
	var all []entry
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(words) < 5 || !slices.Contains([]fate{refused, unread, extra}, fate(words[0])) {
			t.Fatalf("%q is not: refused, harmless or extra, service, operation, path, reason", line)
		}
		all = append(all, entry{fate(words[0]), words[1], words[2], words[3]})
	}
	return all
}

func (e entry) covers(m member) bool {
	if e.fate != m.fate || e.service != m.service || !matches(e.operation, m.operation) {
		return false
	}
	parts := strings.Split(m.path, ".")
	for n := range parts {
		if matches(e.path, strings.Join(parts[:n+1], ".")) {
			return true
		}
	}
	return false
}

func matches(pattern, text string) bool {
	ok, err := path.Match(pattern, text)
	return ok && err == nil
}

// judge compares what becomes of members with what is said of them.
func judge(all []member, entries []entry) []string {
	var wrong []string
	used := map[entry]bool{}
	for _, m := range all {
		said := m.fate == honored
		for _, e := range entries {
			if e.covers(m) {
				said, used[e] = true, true
			}
		}
		if !said {
			wrong = append(wrong, fmt.Sprintf("%s %s %s %s: honor it, or say in testdata/members.txt why not", m.fate, m.service, m.operation, m.path))
		}
	}
	for _, e := range entries {
		if !used[e] {
			wrong = append(wrong, fmt.Sprintf("%s %s %s %s: there is no such member any more", e.fate, e.service, e.operation, e.path))
		}
	}
	slices.Sort(wrong)
	return wrong
}
