package scenarios

import (
	"regexp"
	"slices"
	"testing"
)

// TestWhatMarketplaceRefuses: each code that a catalog, an AMI, a role or a
// product can cause is caused that way. What is said names the line, and the
// command that it names publishes the version, once, when the cause is fixed.
func TestWhatMarketplaceRefuses(t *testing.T) {
	t.Parallel()
	file, world := shelf(t)
	b := startAt(t, "--world", world)
	env := b.env(t, "vendor", "")
	run := func(code int, args ...string) string {
		t.Helper()
		got, out := amiship(t, env, append([]string{"release", "--file", file, "--poll", "300ms", "--builds", "4"}, args...)...)
		if got != code {
			t.Fatalf("release %v: exit %d, want %d\n%s", args, got, code, out)
		}
		return out
	}

	out := run(20, "v2.42.0")
	for name, r := range refusals {
		t.Run(name, func(t *testing.T) { r.check(t, file, name, blocked(out, "changeset/"+name)) })
	}
	sent := started(t, b)
	again := run(20, "v2.42.0")
	if n := started(t, b); n != sent {
		t.Errorf("what was refused was offered again: %d change sets, then %d", sent, n)
	}
	if blocked(again, "changeset/type") == "" {
		t.Error("a later run does not say what was refused")
	}

	for name, r := range refusals {
		if r.fix != "" {
			fix(t, file, name, r.fix)
		}
	}
	run(20, "v2.42.0")
	soldOf(t, offers(t, env, file), "Shelf 2.42.0", plainly)

	replaceIn(t, file, "checks: [", "share: [\"679593333241\"] # by which Marketplace gets AMIs without a role\nchecks: [")
	run(20, "v2.42.0", byForce)
	soldOf(t, offers(t, env, file), "Shelf 2.42.0", plainly, byForce)

	replaceIn(t, file, `name: "base {image} {arch}"`, `name: "base plain {arch}"`)
	replaceIn(t, file, ", vars: {disk: sloppy}", "")
	replaceIn(t, file, " and then some more that nobody ever needs to know about it in a list of AMIs on a screen", "")
	run(0, rebuilt)
	soldOf(t, offers(t, env, file), "Shelf 2.42.1", rebuilt)
}

// check holds what is said of a listing against what should be.
func (r refusal) check(t *testing.T, file, name, text string) {
	t.Helper()
	says := append([]string{r.code + ": ", r.next, "amiship release v2.42.0 --file " + file + " --resubmit"}, r.says...)
	if r.field != "" {
		says = append(says, "See "+r.field+" ("+lineOf(t, file, name, r.field)+").")
	}
	wantAll(t, text, says)
	if !regexp.MustCompile(`change set [a-z0-9]{25} failed .*: CLIENT_ERROR`).MatchString(text) {
		t.Error("it does not name the change set")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// soldOf: the listings that were fixed in one of these ways have one public
// version of the title, the others none.
func soldOf(t *testing.T, have map[string]offer, title string, fixed ...string) {
	t.Helper()
	for name, r := range refusals {
		want := 0
		if slices.Contains(fixed, r.by) {
			want = 1
		}
		if n := have[name].published(title); n != want {
			t.Errorf("%s: %d public versions %q, want %d: %+v", name, n, title, want, have[name])
		}
	}
}

// started counts the change sets that were asked for, granted or not.
func started(t *testing.T, b *box) int {
	t.Helper()
	return b.catalogCalls(t, 0)["StartChangeSet"]
}
