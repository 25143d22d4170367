package boottest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"amiship/internal/release"
)

// fleet are two machines that are logged in to, each by its address.
type fleet map[string]struct {
	hostKey string
	answers answers
}

func (f fleet) login(_ context.Context, v *visit) (runner, string, error) {
	m, ok := f[v.machine.Address]
	if !ok {
		return nil, "", errors.New("no route to " + v.machine.Address)
	}
	return m.answers, m.hostKey, nil
}

// test runs a test of them, after which the second is restarted at another address.
func (f fleet) test(t *testing.T, checks ...release.Check) Report {
	t.Helper()
	test := Test{
		User: "admin", Key: newKeyPEM(t), Checks: checks, Within: time.Minute, Poll: time.Millisecond, login: f.login, starts: 5 * time.Millisecond,
		Restart: func(_ context.Context, m Machine) (Machine, error) {
			m.Address, m.Host = "3", "host-3"
			return m, nil
		},
	}
	rep, err := test.Run(t.Context(), []Machine{
		{ID: "i-1", Address: "1", Host: "host-1", Metadata: Metadata{Tokens: true, Hops: 1}},
		{ID: "i-2", Address: "2", Host: "host-2", Metadata: Metadata{Hops: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func machineIs(id string, more answers) answers {
	out := answers{"machine-id": {out: id}}
	for part, r := range more {
		out[part] = r
	}
	return out
}

// TestRestart: one of two instances is asked the same again once it has been restarted,
// at its new address; who it is stays.
func TestRestart(t *testing.T) {
	address := release.Check{Run: "cat /etc/address", Contains: "{host}"}
	launched := address
	launched.After = release.AfterLaunch
	for name, c := range map[string]struct {
		after answers
		key   string
		check release.Check
		want  string
	}{
		"follows its address": {machineIs("two", answers{"/etc/address": {out: "host-3"}}), "b", address, ""},
		"keeps the old one":   {machineIs("two", answers{"/etc/address": {out: "host-2"}}), "b", address, `i-2: after a restart, run cat /etc/address: printed "host-2", which does not contain "host-3"`},
		"may keep it":         {machineIs("two", answers{"/etc/address": {out: "host-2"}}), "b", launched, ""},
		"another host key":    {machineIs("two", answers{"/etc/address": {out: "host-3"}}), "c", address, "i-2: after a restart, the SSH host key: is another one than before"},
		"another machine-id":  {machineIs("three", answers{"/etc/address": {out: "host-3"}}), "b", address, "i-2: after a restart, /etc/machine-id: is another one than before"},
		"cloud-init fails":    {machineIs("two", answers{"/etc/address": {out: "host-3"}, "cloud-init status": {exit: 1, out: "error"}}), "b", address, "i-2: after a restart, cloud-init: ended with an error: error"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := fleet{
				"1": {"a", machineIs("one", answers{"/etc/address": {out: "host-1"}})},
				"2": {"b", machineIs("two", answers{"/etc/address": {out: "host-2"}})},
				"3": {c.key, c.after},
			}.test(t, c.check)
			got := strings.Trim(fmt.Sprint(rep.Failures), "[]")
			if got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestTokensAreNamed: a failure of only the instance whose metadata service requires
// tokens says so; one of both does not.
func TestTokensAreNamed(t *testing.T) {
	fails := answers{"/etc/address": {errors: "no such file", exit: 1}}
	works := answers{"/etc/address": {out: "1"}}
	const only = "only where the metadata service has tokens required and the hop limit 1 (with tokens optional and the hop limit 1, i-2 passes): "
	for name, c := range map[string]struct {
		second answers
		want   int
	}{"one": {works, 1}, "both": {fails, 0}} {
		t.Run(name, func(t *testing.T) {
			rep := fleet{
				"1": {"a", machineIs("one", fails)}, "2": {"b", machineIs("two", c.second)}, "3": {"b", machineIs("two", c.second)},
			}.test(t, release.Check{Run: "cat /etc/address"})
			if n := strings.Count(fmt.Sprint(rep.Failures), only); n != c.want || len(rep.Failures) != 2-c.want {
				t.Errorf("%d of %v", n, rep.Failures)
			}
		})
	}
}

// TestARestartThatFails: that a machine could not be restarted says nothing about its AMI.
func TestARestartThatFails(t *testing.T) {
	f := fleet{"1": {"a", machineIs("one", nil)}}
	test := Test{
		Key: newKeyPEM(t), Within: time.Minute, Poll: time.Millisecond, login: f.login,
		Restart: func(context.Context, Machine) (Machine, error) { return Machine{}, errors.New("no capacity") },
	}
	if rep, err := test.Run(t.Context(), []Machine{{ID: "i-1", Address: "1"}}); err == nil || err.Error() != "no capacity" {
		t.Errorf("%v, %v", rep, err)
	}
}
