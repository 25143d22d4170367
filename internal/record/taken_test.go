package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// accountIDs are n of them, all different.
func accountIDs(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%012d", 7919*(i+1))
	}
	return out
}

// TestTaken: a short list is spelled as it is, in one tag.
func TestTaken(t *testing.T) {
	unit := "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefgh34"
	got, err := WriteTaken([]string{Everybody, "222222222222", unit, "111111111111", Everybody}, 1)
	want := map[string]string{TagTaken: "1:111111111111,222222222222,all," + unit}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got := ReadTaken(map[string]string{TagTaken: "1:111111111111,all,+3", TagTested: "1:x"}); !slices.Equal(got, []string{"111111111111", "all"}) {
		t.Errorf("what an earlier version wrote is read as %v", got)
	}
}

// TestTakenIsWhole: a list is spread over several tags, packed where they are too few, and
// refused where it does not fit: it is never cut.
func TestTakenIsWhole(t *testing.T) {
	for name, c := range map[string]struct {
		accounts, free, tags int
		packed               bool
	}{
		"one tag":                {19, 36, 1, false},
		"two tags":               {20, 36, 2, false},
		"a hundred accounts":     {100, 36, 6, false},
		"packed":                 {100, 5, 3, true},
		"AWS's quota of sharing": {1000, 36, 28, true},
		"too many":               {1300, 36, 0, false},
		"no tag is free":         {1, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			who := accountIDs(c.accounts)
			tags, err := WriteTaken(who, c.free)
			if len(tags) != c.tags || (err != nil) != (c.tags == 0) {
				t.Fatalf("%d tags, want %d: %v", len(tags), c.tags, err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(who, ReadTaken(tags)); diff != "" {
				t.Error(diff)
			}
			if packed := strings.HasPrefix(tags[TagTaken], "1:~"); packed != c.packed {
				t.Errorf("packed: %v, want %v", packed, c.packed)
			}
		})
	}
}

// TestTakenAtRandom: what is written is read again, and no value is longer than AWS takes.
func TestTakenAtRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		holder := rapid.OneOf(rapid.StringMatching(`[0-9]{12}`), rapid.StringMatching(`arn:aws:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}`), rapid.Just(Everybody))
		who := rapid.SliceOfDistinct(holder, rapid.ID).Draw(rt, "who")
		tags, err := WriteTaken(who, rapid.IntRange(0, maxTags).Draw(rt, "free"))
		if err != nil {
			return
		}
		for key, value := range tags {
			if len(value) > 256 {
				rt.Fatalf("%s has %d characters", key, len(value))
			}
		}
		if slices.Sort(who); !slices.Equal(who, ReadTaken(tags)) {
			rt.Fatalf("%v is read as %v", who, ReadTaken(tags))
		}
	})
}

// TestFreeTags: those of the list itself, and AWS's own, take nothing from it.
func TestFreeTags(t *testing.T) {
	have := map[string]string{TagTaken: "1:x", TagTaken + ".2": "1:y", "aws:cloudformation:stack-name": "z", "a": "", "b": ""}
	if got := FreeTags(have, map[string]string{"b": "", "c": ""}); got != maxTags-3 {
		t.Errorf("%d are free", got)
	}
	if len(slices.Collect(maps.Keys(have))) != 5 {
		t.Error("what was passed in has changed")
	}
}
