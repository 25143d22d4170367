package cloud

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var thingIndex = NewIndex(things, func(key string, v thing) []string {
	return []string{"key " + key[:1], "a " + v.A, "b " + v.B, "b " + v.B}
})

// TestIndex: whatever was put, deleted and undone, an index finds what a walk through all finds,
// in the order of the keys, now and at an earlier moment, in a read and in a change.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wall := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		s, err := Open("", Clock{Wall: func() time.Time { return wall }})
		if err != nil {
			t.Fatal(err)
		}
		s.Remember(time.Hour)
		word := rapid.StringMatching(`[xy]{1,2}`)
		var moments []time.Time
		for n := range rapid.IntRange(1, 30).Draw(t, "steps") {
			wall = wall.Add(time.Second)
			undone := rapid.Bool().Draw(t, "undone")
			err := s.Update(func(tx *Tx) error {
				key := rapid.StringMatching(`[pq][0-9]`).Draw(t, "key")
				if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
					things.Delete(tx, "", key)
				} else {
					things.Put(tx, "", key, thing{word.Draw(t, "a"), word.Draw(t, "b")})
				}
				if n%3 == 0 {
					compare(t, tx, word)
				}
				if undone {
					return errors.New("undone")
				}
				return nil
			})
			if (err != nil) != undone {
				t.Fatal(err)
			}
			moments = append(moments, wall)
			if n%2 == 0 {
				_ = s.View(func(tx *Tx) error { compare(t, tx, word); return nil })
			}
		}
		then := rapid.SampledFrom(moments).Draw(t, "then")
		_ = s.View(func(tx *Tx) error { compare(t, tx.AsOf(then), word); return nil })
	})
}

func compare(t *rapid.T, tx *Tx, word *rapid.Generator[string]) {
	var asked []string
	for range rapid.IntRange(1, fewWords+3).Draw(t, "words") {
		kind := rapid.SampledFrom([]string{"a ", "b ", "key "}).Draw(t, "kind")
		asked = append(asked, kind+word.Draw(t, "word"))
	}
	asked = append(asked, "key p")
	first := rapid.SampledFrom([]string{"", "p5", "p5\x00", "q"}).Draw(t, "first")
	var want, said []string
	for k, v := range things.All(tx, "") {
		if thingIndex.says(k, v, asked) && k >= first {
			want = append(want, k)
		}
		said = append(said, thingIndex.words(k, v)...)
	}
	if got := keysOf(thingIndex.From(tx, "", first, asked...)); !slices.Equal(got, want) {
		t.Fatalf("%v from %q are %v, want %v", asked, first, got, want)
	}
	slices.Sort(said)
	said = slices.DeleteFunc(slices.Compact(said), func(w string) bool { return !strings.HasPrefix(w, "a ") || w < "a xy" })
	if got := slices.Collect(thingIndex.Words(tx, "", "a ", "a xy")); !slices.Equal(got, said) {
		t.Fatalf("the words are %q, want %q", got, said)
	}
	if !tx.then.IsZero() {
		return
	}
	for _, w := range asked {
		if n, all := thingIndex.Count(tx, "", w), keysOf(thingIndex.All(tx, "", w)); n != len(all) {
			t.Fatalf("%d say %s, but %v do", n, w, all)
		}
	}
}

func keysOf(all iter.Seq2[string, thing]) (keys []string) {
	for k := range all {
		keys = append(keys, k)
	}
	return keys
}

// TestIndexMayChangeWhatItWalks: who changes the store in a walk meets what was there and still is.
func TestIndexMayChangeWhatItWalks(t *testing.T) {
	s := mustOpen(t, "", Clock{})
	for _, k := range []string{"a", "b", "c"} {
		put(t, s, "", k, thing{A: "x"})
	}
	var seen []string
	_ = s.Update(func(tx *Tx) error {
		for k, v := range thingIndex.All(tx, "", "a x", "a y") {
			seen = append(seen, k)
			things.Put(tx, "", k, thing{A: v.A + "y"})
			things.Delete(tx, "", "c")
			things.Put(tx, "", "d", thing{A: "x"})
		}
		return nil
	})
	if !slices.Equal(seen, []string{"a", "b"}) {
		t.Errorf("walked %v, want a and b", seen)
	}
}

// TestReopenedIndex: it knows what comes from the journal.
func TestReopenedIndex(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Clock{})
	put(t, s, "", "a", thing{A: "x"})
	_ = s.View(func(tx *Tx) error {
		if n := thingIndex.Count(tx, "", "a x"); n != 1 {
			t.Errorf("%d at first", n)
		}
		return nil
	})
	_ = s.Close()
	_ = mustOpen(t, dir, Clock{}).View(func(tx *Tx) error {
		if got := keysOf(thingIndex.All(tx, "", "a x")); !slices.Equal(got, []string{"a"}) {
			t.Errorf("then %v", got)
		}
		return nil
	})
}
